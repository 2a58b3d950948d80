#include "ctst-spawn/rotation.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-spawn/container.h"
#include "ctst-spawn/expand.h"
#include "ctst-spawn/sealed_payload.h"
#include "ctst-spawn/supervise.h"

/* The pidfd makes sure that what is opened through the pid was the supervisor's. */
static int open_payload(const struct ct_process_id *supervisor)
{
	ct_autoclose int pidfd = ct_process_open(supervisor);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	ct_autoclose int payload = -1;
	char path[64];

	if (pidfd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)supervisor->pid, SUPERVISE_ENVIRONMENT_FD);
	payload = open(path, O_RDONLY | O_CLOEXEC);
	return poll(&ended, 1, 0) == 0 ? ct_take_fd(&payload) : -1;
}

static bool has_changed(const struct ct_json *variable, const struct payload *payload)
{
	struct ct_err ignored = CT_ERR_INIT;
	char *value = expand_template(variable->text, &ignored);
	const char *present = payload_variable(payload, variable->key);
	bool changed = value && (!present || strcmp(value, present) != 0);

	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
	return changed;
}

bool secrets_have_changed(const struct ct_json *object, const struct ct_process_id *supervisor)
{
	struct container container;
	struct ct_err ignored = CT_ERR_INIT;
	struct payload payload;
	ct_autoclose int file = -1;
	bool changed = false;

	if (container_read(object, "P001", &container, &ignored) < 0)
		return false;
	if (payload_has_secrets(&container))
		file = open_payload(supervisor);
	if (file >= 0 && payload_load(file, PAYLOAD_OTHER, &container, &payload, &ignored) == 0) {
		ct_json_each(variable, container.environment) {
			if (payload_is_secret(variable))
				changed = changed || has_changed(variable, &payload);
		}
		payload_release(&payload);
	}
	container_release(&container);
	return changed;
}
