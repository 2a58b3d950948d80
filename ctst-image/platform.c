#include "ctst-image/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* uname(2) → GOARCH and GOARM. */
static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{ "x86_64", "amd64", "" },
	{ "aarch64", "arm64", "" },
	{ "armv7l", "arm", "v7" },
	{ "armv8l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },
	{ "armv5tel", "arm", "v5" },
	{ "i386", "386", "" },
	{ "i486", "386", "" },
	{ "i586", "386", "" },
	{ "i686", "386", "" },
	{ "loongarch64", "loong64", "" },
	{ "mips64", "mips64le", "" },
};

/* Moves *text to the slash behind the part, or to the end. */
static bool take_part(const char **text, char *part, size_t size)
{
	size_t length = strcspn(*text, "/");

	if (length == 0 || length >= size)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)(*text)[i]) && !strchr("._-", (*text)[i]))
			return false;
	}
	memcpy(part, *text, length);
	part[length] = '\0';
	*text += length;
	return true;
}

bool platform_parse(struct platform *platform, const char *text)
{
	*platform = (struct platform){ .os = "" };
	if (!take_part(&text, platform->os, sizeof(platform->os)) || *text++ != '/' ||
	    !take_part(&text, platform->architecture, sizeof(platform->architecture)))
		return false;
	if (!*text)
		return true;
	text++;
	return take_part(&text, platform->variant, sizeof(platform->variant)) && !*text;
}

void platform_host(struct platform *platform)
{
	struct utsname machine;

	*platform = (struct platform){ .os = "linux", .architecture = "unknown" };
	if (uname(&machine) < 0)
		return;
	snprintf(platform->architecture, sizeof(platform->architecture), "%.31s", machine.machine);
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (strcmp(machines[i].machine, machine.machine) != 0)
			continue;
		strcpy(platform->architecture, machines[i].architecture);
		strcpy(platform->variant, machines[i].variant);
	}
}

static void take_member(const struct ct_json *object, const char *member, char *to, size_t size)
{
	const char *text = ct_json_get_string(object, member);

	snprintf(to, size, "%s", text ? text : "");
}

void platform_read(struct platform *platform, const struct ct_json *object)
{
	take_member(object, "os", platform->os, sizeof(platform->os));
	take_member(object, "architecture", platform->architecture, sizeof(platform->architecture));
	take_member(object, "variant", platform->variant, sizeof(platform->variant));
}

void platform_format(const struct platform *platform, char text[PLATFORM_TEXT])
{
	snprintf(text, PLATFORM_TEXT, "%s/%s%s%s", platform->os, platform->architecture,
		 platform->variant[0] ? "/" : "", platform->variant);
}

/* "v7" → 7; without a variant what the architecture begins with. */
static int variant_number(const struct platform *platform)
{
	if (platform->variant[0] == 'v' && isdigit((unsigned char)platform->variant[1]))
		return platform->variant[1] - '0';
	if (strcmp(platform->architecture, "arm64") == 0)
		return 8;
	return strcmp(platform->architecture, "arm") == 0 ? 7 : 1;
}

/*
 * A processor of 32-bit ARM runs what was made for older ones. Newer levels of the others are taken only by those who
 * ask for them: nothing in an image says what it does where they are missing.
 */
int platform_rank(const struct platform *wanted, const struct platform *offered)
{
	int most = variant_number(wanted);
	int number = variant_number(offered);

	if (strcmp(wanted->os, offered->os) != 0 || strcmp(wanted->architecture, offered->architecture) != 0)
		return -1;
	if (strcmp(wanted->variant, offered->variant) == 0)
		return 100;
	if (number == most)
		return 50;
	return number < most ? number : -1;
}
