#include "ctst-image/manage/unpacked.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-image/helper.h"

static bool are_all_there(const struct pick *pick, const struct ct_project *project)
{
	for (size_t i = 0; i < pick->manifest.layer_count; i++) {
		ct_autofree char *path = ct_asprintf("%s/%s", project->layers,
						     digest_hex(pick->manifest.layers[i].diff_id));
		struct stat status;

		if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
			return false;
	}
	return true;
}

int unpacked_ensure(const struct pick *pick, const struct ct_project *project, struct ct_err *err)
{
	ct_autofree char *helper = ct_asprintf("%s/ctst-image-import", ct_libexec_directory());
	ct_autofree char *uri = ct_asprintf("image://%s", pick->chosen.manifest);
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *argv[] = { helper,
			       "--images",
			       project->images,
			       "--layers",
			       project->layers,
			       "--restore",
			       pick->chosen.manifest,
			       "--as",
			       pick->name,
			       "--",
			       uri,
			       NULL };
	ct_autofree char *what = NULL;
	int status;

	if (are_all_there(pick, project))
		return 0;
	status = helper_run(argv, null, null);
	if (status < 0)
		return ct_fail_errno(err, "I003", "cannot execute '%s'", helper);
	what = ct_asprintf("the import of '%s'", pick->name);
	return status == 0 ? 0 : helper_failed(status, "I003", what, err);
}
