/*
 * Runs commands in turn, A B A B …, and prints the median time of each from its start
 * to its end, in milliseconds: what disturbs one run disturbs its neighbours too.
 *
 * usage: race RUNS NAME [<INPUT] [!PREPARE] COMMAND… [-- NAME …]
 *
 * PREPARE is a shell command that runs before each start and is not timed. Standard input is INPUT or /dev/null, standard output /dev/null. A command that does
 * not exit 0 ends the race.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_RUNNERS 8

struct runner {
	const char *name, *input, *prepare;
	char **command;
	double *times;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double run(const struct runner *runner)
{
	posix_spawn_file_actions_t actions;
	double start;
	int status;
	pid_t child;

	if (!runner->command[0]) {
		fprintf(stderr, "race: %s has no command\n", runner->name);
		exit(2);
	}
	if (runner->prepare && system(runner->prepare) != 0) {
		fprintf(stderr, "race: '%s' failed\n", runner->prepare);
		exit(1);
	}
	start = now();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, runner->input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&child, runner->command[0], &actions, NULL, runner->command, environ) != 0 ||
	    waitpid(child, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "race: %s did not exit 0\n", runner->name);
		exit(1);
	}
	posix_spawn_file_actions_destroy(&actions);
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

static int read_runners(char **argv, struct runner runners[MOST_RUNNERS], size_t runs)
{
	int count = 0;

	while (*argv && count < MOST_RUNNERS) {
		struct runner *runner = &runners[count++];

		*runner = (struct runner){ .name = *argv++,
					   .input = "/dev/null",
					   .times = calloc(runs, sizeof(double)) };
		if (*argv && (*argv)[0] == '<')
			runner->input = *argv++ + 1;
		if (*argv && (*argv)[0] == '!')
			runner->prepare = *argv++ + 1;
		runner->command = argv;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return count;
}

int main(int argc, char **argv)
{
	struct runner runners[MOST_RUNNERS];
	size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int count;

	if (argc < 4 || runs == 0 || runs > 100000) {
		fputs("usage: race RUNS NAME [<INPUT] [!PREPARE] COMMAND… [-- NAME …]\n", stderr);
		return 2;
	}
	count = read_runners(argv + 2, runners, runs);
	for (int i = 0; i < count; i++)
		run(&runners[i]);
	for (size_t round = 0; round < runs; round++) {
		for (int i = 0; i < count; i++)
			runners[i].times[round] = run(&runners[i]);
	}
	for (int i = 0; i < count; i++) {
		qsort(runners[i].times, runs, sizeof(double), compare);
		printf("%s %.3f\n", runners[i].name, runners[i].times[runs / 2]);
	}
	return 0;
}
