/* What the commands share. */
#include "ctst-image/manage/commands.h"
#include "ctst-image/platform.h"

int command_find_store(struct ct_project *project, const char *file, struct ct_err *err)
{
	if (ct_project_find(project, file, err) == 0)
		return 0;
	ct_project_release(project);
	if (file)
		return -1;
	*err = (struct ct_err)CT_ERR_INIT;
	return ct_project_of_directory(project, ".", err);
}

void command_check_platform(const struct ct_program *program, const char *platform)
{
	struct platform parsed;

	if (platform && !platform_parse(&parsed, platform))
		ct_usage_error(program, "'%s' is not a platform such as linux/amd64", platform);
}
