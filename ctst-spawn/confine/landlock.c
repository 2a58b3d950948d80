#include "ctst-spawn/confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

/* linux/landlock.h, whose installed version may know less than the kernel. */
enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIRECTORY = 1 << 3,
	MAKE_CHARACTER_DEVICE = 1 << 6,
	MAKE_BLOCK_DEVICE = 1 << 11,
	REFER = 1 << 13,       /* since version 2; without it no file can be moved to another directory */
	TRUNCATE = 1 << 14,    /* 3 */
	USE_DEVICES = 1 << 15, /* 5: ioctl(2) on devices */

	READ = EXECUTE | READ_FILE | READ_DIRECTORY,
	OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | USE_DEVICES, /* the others are for directories */
	DEVICES = MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE,                  /* nobody makes them */
	SCOPE_ABSTRACT_SOCKETS = 1 << 0,                                      /* 6 */
	SCOPE_SIGNALS = 1 << 1,
};

struct ruleset {
	uint64_t files, network, scoped;
};

struct beneath {
	uint64_t allowed;
	int32_t directory;
} __attribute__((packed));

#define CREATE_VERSION 1U
#define RULE_BENEATH 1

#define CAPABILITY_SYS_PTRACE 19
#define CAPABILITY_SYS_ADMIN 21

int landlock_version(void)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return version < 0 ? 0 : version;
}

static uint64_t file_rights(int version)
{
	uint64_t rights = TRUNCATE - 1; /* all that are older */

	if (version >= 3)
		rights |= TRUNCATE;
	if (version >= 5)
		rights |= USE_DEVICES;
	return rights;
}

static bool keeps(const struct container *container, int capability)
{
	return container->capabilities & (UINT64_C(1) << capability);
}

/* A place that is not there needs no rule. */
static int allow(int rules, const char *path, uint64_t rights)
{
	ct_autoclose int place = open(path, O_PATH | O_CLOEXEC);
	struct beneath rule = { .allowed = rights, .directory = place };
	struct stat status;

	if (place < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (fstat(place, &status) < 0)
		return -1;
	if (!S_ISDIR(status.st_mode))
		rule.allowed &= OF_FILES;
	return (int)syscall(SYS_landlock_add_rule, rules, RULE_BENEATH, &rule, 0);
}

static int allow_places(int rules, const struct container *container, uint64_t rights)
{
	static const char *const writable[] = { "/tmp", "/run", "/dev" };

	if (!container->readonly)
		return allow(rules, "/", rights & ~(uint64_t)DEVICES);
	if (allow(rules, "/", READ) < 0 || allow(rules, "/proc", rights & (READ | WRITE_FILE | TRUNCATE)) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++) {
		if (allow(rules, writable[i], rights & ~(uint64_t)DEVICES) < 0)
			return -1;
	}
	for (size_t i = 0; i < container->mount_count; i++) {
		const struct container_mount *mount = &container->mounts[i];

		if (!mount->readonly && allow(rules, mount->target, rights & ~(uint64_t)DEVICES) < 0)
			return -1;
	}
	return 0;
}

/*
 * Signals and abstract sockets of other domains (and a command beside the container's processes is in a domain of its
 * own) are out of reach. A command that joins may signal the processes it has come for; what is not the container's is
 * in another pid namespace. It may reach their abstract sockets unless those of the host are in the same namespace.
 */
static uint64_t scope(const struct container *container, bool joins)
{
	if (!joins)
		return SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	return strcmp(container->network, "host") == 0 ? SCOPE_ABSTRACT_SOCKETS : 0;
}

/* All 0: none are made. */
static struct ruleset choose(const struct container *container, bool joins, int version)
{
	struct ruleset ruleset = { 0 };

	/* Looking into the container's other processes is what this is kept for. */
	if (version < 2 || (joins && keeps(container, CAPABILITY_SYS_PTRACE)))
		return ruleset;
	/* And changing mounts is what this is kept for. */
	if (!keeps(container, CAPABILITY_SYS_ADMIN))
		ruleset.files = file_rights(version);
	if (version >= 6)
		ruleset.scoped = scope(container, joins);
	return ruleset;
}

struct landlock_domain landlock_domain(const struct container *container)
{
	int version = landlock_version();
	struct ruleset ruleset = choose(container, false, version);

	return (struct landlock_domain){ version, ruleset.files != 0, ruleset.scoped != 0 };
}

int landlock_prepare(const struct container *container, bool joins)
{
	int version = landlock_version();
	struct ruleset ruleset = choose(container, joins, version);
	ct_autoclose int rules = -1;

	if (ruleset.files == 0 && ruleset.scoped == 0)
		return LANDLOCK_NONE;
	rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset,
			     version >= 6 ? sizeof(ruleset) : sizeof(ruleset.files), 0);
	if (rules < 0 || (ruleset.files && allow_places(rules, container, ruleset.files) < 0))
		return -1;
	return ct_take_fd(&rules);
}

int landlock_enter(int rules)
{
	return rules == LANDLOCK_NONE ? 0 : (int)syscall(SYS_landlock_restrict_self, rules, 0);
}
