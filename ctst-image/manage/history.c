/* `ctst-image history`: how an image came about, as its config tells it (config.md, "history"), the last step first. */
#include "common/cleanup.h"
#include "common/size.h"
#include "ctst-image/manage/commands.h"
#include "ctst-image/text.h"

struct step {
	const struct ct_json *entry;        /* NULL: a layer that the config says nothing of */
	const struct manifest_layer *layer; /* NULL: the step made none */
};

/* Entries that are not empty belong to the layers in their order. Layers without an entry come last. */
static size_t list_steps(const struct pick *pick, struct step **steps)
{
	const struct ct_json *history = ct_json_get_typed(ct_json_root(pick->manifest.config), "history",
							  CT_JSON_ARRAY);
	size_t layer = 0, count = 0;

	*steps = ct_alloc_array((history ? history->length : 0) + pick->manifest.layer_count, sizeof(**steps));
	ct_json_each(entry, history) {
		bool empty = ct_json_get_bool(entry, "empty_layer", false) || layer == pick->manifest.layer_count;

		(*steps)[count++] = (struct step){ entry, empty ? NULL : &pick->manifest.layers[layer++] };
	}
	while (layer < pick->manifest.layer_count)
		(*steps)[count++] = (struct step){ NULL, &pick->manifest.layers[layer++] };
	return count;
}

static int64_t step_size(const struct step *step)
{
	return step->layer && step->layer->blob.size > 0 ? step->layer->blob.size : 0;
}

static void write_table(const struct step *steps, size_t count, struct ct_buf *out)
{
	ct_buf_printf(out, "%-12s  %10s  %-12s  %s\n", "LAYER", "SIZE", "CREATED", "CREATED BY");
	for (size_t i = count; i > 0; i--) {
		const struct step *step = &steps[i - 1];
		const char *by = ct_json_get_string(step->entry, "created_by");
		const char *comment = ct_json_get_string(step->entry, "comment");
		char size[32], age[48];

		ct_format_size(step_size(step), size, sizeof(size));
		text_age(ct_json_get_string(step->entry, "created"), age, sizeof(age));
		ct_buf_printf(out, "%-12.12s  %10s  %-12s  ", step->layer ? digest_hex(step->layer->diff_id) : "-",
			      size, age);
		text_plain(out, by && by[0] ? by : "-", 0);
		if (comment && comment[0]) {
			ct_buf_puts(out, "  # ");
			text_plain(out, comment, 0);
		}
		ct_buf_putc(out, '\n');
	}
}

static int write_document(const struct pick *pick, const struct step *steps, size_t count, struct ct_buf *out,
			  struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.image-history/1");
	ct_json_member_string(writer, "image", pick->name);
	ct_json_member_string(writer, "manifest", pick->chosen.manifest);
	ct_json_key(writer, "history");
	ct_json_open_array(writer);
	for (size_t i = count; i > 0; i--) {
		const struct step *step = &steps[i - 1];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "layer", step->layer ? step->layer->diff_id : NULL);
		ct_json_member_int(writer, "size", step_size(step));
		ct_json_member_string(writer, "created", ct_json_get_string(step->entry, "created"));
		ct_json_member_string(writer, "created_by", ct_json_get_string(step->entry, "created_by"));
		ct_json_member_string(writer, "comment", ct_json_get_string(step->entry, "comment"));
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

static int history(const struct pick *pick, const struct ct_project *project, bool json, struct ct_buf *out,
		   struct ct_err *err)
{
	ct_autofree struct step *steps = NULL;
	size_t count = list_steps(pick, &steps);

	(void)project;
	if (json)
		return write_document(pick, steps, count, out, err);
	write_table(steps, count, out);
	return 0;
}

int command_history(int argc, char **argv)
{
	return command_show(argc, argv, "ctst-image history", "show the steps that made an image, and the size of each",
			    history);
}
