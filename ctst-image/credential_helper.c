/* docker-credential-NAME get: the registry on its standard input, a JSON object on its standard output. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/process.h"
#include "ctst-image/credentials.h"

#define ANSWER_LARGEST ((size_t)64 << 10)
#define PATIENCE (INT64_C(30) * 1000000000) /* ns; it may have to ask a person */

static char *find_program(const char *helper)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t length = strcspn(path, ":");
		ct_autofree char *program = ct_asprintf("%.*s/docker-credential-%s", (int)length, path, helper);

		if (path[0] == '/' && access(program, X_OK) == 0)
			return ct_take_text(&program);
		path += length + (path[length] == ':');
	}
	return NULL;
}

/* -1: it took too long, or said too much. */
static int read_answer(int fd, struct ct_buf *answer)
{
	int64_t end = ct_monotonic() + PATIENCE;
	struct pollfd source = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = end - ct_monotonic();
		ssize_t got;

		if (left <= 0 || answer->length > ANSWER_LARGEST)
			return -1;
		if (poll(&source, 1, (int)(left / 1000000) + 1) <= 0)
			continue;
		ct_buf_reserve(answer, 4096);
		got = read(fd, answer->data + answer->length, 4096);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			return 0;
		answer->length += got > 0 ? (size_t)got : 0;
	}
}

/* Its exit status, or -1 when it had to be ended. */
static int run_helper(char *program, const char *server, struct ct_buf *answer, struct ct_err *err)
{
	char word[] = "get", *argv[] = { program, word, NULL };
	int input[2], output[2];
	pid_t child;
	int result;

	if (pipe2(input, O_CLOEXEC) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot run '%s'", program);
	/* A host name fits into a pipe: this never waits. */
	(void)ct_write_all(input[1], server, strlen(server));
	close(input[1]);
	if (pipe2(output, O_CLOEXEC) < 0) {
		close(input[0]);
		return ct_fail_errno(err, CT_NO_CODE, "cannot run '%s'", program);
	}
	child = ct_process_start(argv, input[0], output[1]);
	close(input[0]);
	close(output[1]);
	if (child < 0)
		ct_fail_errno(err, CT_NO_CODE, "cannot run '%s'", program);
	result = child < 0 ? -1 : read_answer(output[0], answer);
	close(output[0]);
	if (child < 0)
		return -1;
	if (result < 0) {
		kill(child, SIGKILL);
		ct_process_wait(child);
		return ct_fail(err, "I006", "'%s' gave no answer within 30 s and 64 KiB", program);
	}
	return ct_process_wait(child);
}

static int take_answer(const char *program, const struct ct_buf *answer, struct credentials *credentials,
		       struct ct_err *err)
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autojson *doc = ct_json_parse(answer->length ? answer->data : "", answer->length, CT_NO_CODE, &ignored);
	const char *user = doc ? ct_json_get_string(ct_json_root(doc), "Username") : NULL;
	const char *secret = doc ? ct_json_get_string(ct_json_root(doc), "Secret") : NULL;

	if (!user || !secret)
		return ct_fail(err, "I006", "'%s' gave no user name and secret", program);
	if (strcmp(user, "<token>") == 0) {
		ct_fail(err, "I006", "'%s' gave an identity token, which this version cannot use", program);
		return ct_err_hint(err, "log in with a password or an access token");
	}
	credentials->user = ct_strdup(user);
	credentials->password = ct_strdup(secret);
	return 1;
}

int credential_helper_ask(const char *helper, const char *server, struct credentials *credentials, struct ct_err *err)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	ct_autofree char *program = NULL;
	ct_autobuf answer = CT_BUF_INIT;
	int result;

	if (strspn(helper, characters) != strlen(helper) || strlen(helper) > 100)
		return ct_fail(err, "I006", "'%.100s' cannot be the name of a credential helper", helper);
	program = find_program(helper);
	if (!program) {
		ct_fail(err, "I006", "the credential helper 'docker-credential-%s' is not in PATH", helper);
		return ct_err_hint(err, "install it, or take it out of the configuration");
	}
	result = run_helper(program, server, &answer, err);
	if (result == 0)
		result = take_answer(program, &answer, credentials, err);
	else if (result > 0)
		/* "credentials not found in native keychain" is no failure; what else there is cannot be told from it. */
		result = 0;
	if (answer.length > 0)
		explicit_bzero(answer.data, answer.length);
	return result;
}
