#include "ctst-spawn/sealed_payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/expand.h"
#include "ctst-spawn/report.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define SECRET_PREFIX "CONTAINUST_SECRET_"

/* Where programs are looked for when neither image nor file sets PATH. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * The file: strings, each with its NUL. The working directory; how many arguments the command has, and these; the same for
 * the health check; what is left is the environment.
 */
static int append_expanded(struct ct_buf *out, const char *template, struct ct_err *err)
{
	ct_autofree char *text = expand_template(template, err);

	if (!text)
		return -1;
	ct_buf_append(out, text, strlen(text) + 1);
	explicit_bzero(text, strlen(text));
	return 0;
}

static int append_arguments(struct ct_buf *out, const struct ct_json *arguments, struct ct_err *err)
{
	ct_buf_printf(out, "%zu", arguments ? arguments->length : 0);
	ct_buf_putc(out, '\0');
	ct_json_each(argument, arguments) {
		if (append_expanded(out, argument->text, err) < 0)
			return -1;
	}
	return 0;
}

static int append_environment(struct ct_buf *out, const struct ct_json *environment, struct ct_err *err)
{
	ct_json_each(variable, environment) {
		ct_buf_printf(out, "%s=", variable->key);
		if (append_expanded(out, variable->text, err) < 0)
			return ct_err_context(err, "variable '%s'", variable->key);
	}
	if (!ct_json_get(environment, "PATH")) {
		ct_buf_puts(out, "PATH=" DEFAULT_PATH);
		ct_buf_putc(out, '\0');
	}
	return 0;
}

static int expand_all(const struct container *container, struct ct_buf *out, struct ct_err *err)
{
	size_t command;

	if (append_expanded(out, container->workdir[0] ? container->workdir : "/", err) < 0)
		return -1;
	command = out->length;
	if (append_arguments(out, container->args, err) < 0)
		return -1;
	command += strlen(out->data + command) + 1;
	if (out->data[command] == '\0')
		return ct_fail(err, "R004", "the command is empty");
	if (append_arguments(out, container->healthcheck.command, err) < 0)
		return ct_err_context(err, "health check");
	return append_environment(out, container->environment, err);
}

static int fill(int file, const struct container *container, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;

	if (expand_all(container, &text, err) < 0)
		return -1;
	if (ct_write_all(file, text.data, text.length) < 0 || fcntl(file, F_ADD_SEALS, SEALS) < 0)
		return ct_fail_errno(err, "R004", "cannot keep the environment");
	return 0;
}

/* What a secret leaves behind in memory that was given back is gone with the child. */
static int fill_in_child(int file, const struct container *container, struct ct_err *err)
{
	ct_autoclose int reading = -1;
	struct report report;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_errno(err, "R004", "cannot create a pipe");
	reading = ends[0];
	child = fork();
	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		if (fill(file, container, err) < 0)
			report_send(ends[1], REPORT_FAILED, CT_EXIT_FAILED, err);
		else
			report_send(ends[1], REPORT_STARTED, 0, NULL);
		_exit(0);
	}
	close(ends[1]);
	if (child < 0)
		return ct_fail_errno(err, "R004", "cannot create a process");
	if (!report_receive(reading, &report))
		ct_fail(err, "R004", "the process that reads the secrets was killed");
	else if (report.kind == REPORT_FAILED)
		report_error(&report, err);
	else
		err->message[0] = '\0';
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return err->message[0] ? -1 : 0;
}

bool payload_is_secret(const struct ct_json *variable)
{
	return strstr(variable->text, "${secret.") != NULL;
}

bool payload_has_secrets(const struct container *container)
{
	ct_json_each(variable, container->environment) {
		if (payload_is_secret(variable))
			return true;
	}
	return false;
}

/* The kernel shows the strings of environ where they are (proc_pid_environ(5)). */
static void forget_secrets(void)
{
	char **kept = environ;

	for (char **variable = environ; variable && *variable; variable++) {
		if (strncmp(*variable, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0)
			explicit_bzero(*variable, strlen(*variable));
		else
			*kept++ = *variable;
	}
	if (kept)
		*kept = NULL;
}

int payload_seal(const struct container *container, struct ct_err *err)
{
	ct_autoclose int file = memfd_create("payload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int status;

	if (file < 0)
		return ct_fail_errno(err, "R004", "cannot keep the environment");
	status = payload_has_secrets(container) ? fill_in_child(file, container, err) : fill(file, container, err);
	forget_secrets();
	return status < 0 ? -1 : ct_take_fd(&file);
}

/* The whole file, wherever its offset is: it is shared with other processes. */
static int read_file(int fd, struct ct_buf *text)
{
	struct stat file;
	ssize_t got = 1;

	if (fstat(fd, &file) < 0)
		return -1;
	if (file.st_size <= 0 || (size_t)file.st_size > FILE_LIMIT) {
		errno = EFBIG;
		return -1;
	}
	ct_buf_reserve(text, (size_t)file.st_size);
	while (text->length < (size_t)file.st_size && got > 0) {
		got = pread(fd, text->data + text->length, (size_t)file.st_size - text->length, (off_t)text->length);
		if (got > 0)
			text->length += (size_t)got;
	}
	return got < 0 ? -1 : 0;
}

/* The next string; NULL at the end. */
static const char *next(const struct ct_buf *text, size_t *at)
{
	const char *string = text->data + *at;

	if (*at >= text->length)
		return NULL;
	*at += strlen(string) + 1;
	return string;
}

/* A list that ends with NULL of `count` strings, or of fewer where there are no more. */
static char **read_list(const struct ct_buf *text, size_t *at, size_t count)
{
	char **list = ct_alloc_array(count + 1, sizeof(char *));
	const char *string;

	for (size_t i = 0; i < count && (string = next(text, at)); i++)
		list[i] = ct_strdup(string);
	return list;
}

static size_t count_strings(const struct ct_buf *text, size_t at)
{
	size_t count = 0;

	while (next(text, &at))
		count++;
	return count;
}

static char **read_arguments(const struct ct_buf *text, size_t *at, bool wanted)
{
	const char *number = next(text, at);
	size_t count = number ? strtoul(number, NULL, 10) : 0;

	if (wanted)
		return read_list(text, at, count);
	for (size_t i = 0; i < count; i++)
		next(text, at);
	return NULL;
}

int payload_load(int fd, enum payload_command command, const struct container *container, struct payload *payload,
		 struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	char **arguments, **check;
	size_t at = 0;

	*payload = (struct payload){ .container = container,
				     .joins = command != PAYLOAD_COMMAND,
				     .user = container->user,
				     .capabilities = container->capabilities };
	if (read_file(fd, &text) < 0)
		return ct_fail_errno(err, "R008", "cannot read the container's environment");
	if (text.length == 0 || text.data[text.length - 1] != '\0')
		return ct_fail(err, "R008", "the container's environment is incomplete");
	payload->workdir = ct_strdup(next(&text, &at));
	arguments = read_arguments(&text, &at, command == PAYLOAD_COMMAND);
	check = read_arguments(&text, &at, command == PAYLOAD_HEALTHCHECK);
	payload->argv = arguments ? arguments : check ? check : ct_alloc_array(1, sizeof(char *));
	payload->environment = read_list(&text, &at, count_strings(&text, at));
	explicit_bzero(text.data, text.length);
	return 0;
}
