#include "ctst-spawn/deploy.h"
#include "ctst-spawn/sources.h"

int deploy_check_sources(const struct deploy *deploy, struct ct_err *err)
{
	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct ct_json *configuration = deploy->jobs[i].action->container;
		const struct ct_json *mounts = ct_json_get(configuration, "mounts");
		struct container container;
		int status;

		if (!job_starts(&deploy->jobs[i]) || !mounts || mounts->length == 0)
			continue;
		if (container_read(configuration, "P001", &container, err) < 0)
			return -1;
		status = sources_check(&container, deploy->project->directory, err);
		if (status < 0)
			ct_err_context(err, "component '%s'", container.name);
		container_release(&container);
		if (status < 0)
			return -1;
	}
	return 0;
}
