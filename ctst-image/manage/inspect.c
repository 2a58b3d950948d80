/* `ctst-image inspect`: what is known of one image. */
#include "ctst-image/manage/commands.h"
#include "ctst-image/manage/describe.h"

static int inspect(const struct pick *pick, const struct ct_project *project, bool json, struct ct_buf *out,
		   struct ct_err *err)
{
	if (json)
		return describe_document(pick, project, out, err);
	describe_text(pick, project, out);
	return 0;
}

int command_inspect(int argc, char **argv)
{
	return command_show(argc, argv, "ctst-image inspect", "show an image's names, settings and layers", inspect);
}
