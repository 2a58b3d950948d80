#include "ctst-image/slim/machine.h"

#include <elf.h>

#ifndef EM_RISCV
#define EM_RISCV 243
#endif
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

static const struct machine machines[] = {
	{ "x86_64-linux-gnu", "x86_64", "amd64", 0x0303, { EM_X86_64, true, false } },
	{ "i386-linux-gnu", "i686", "386", 0x0003, { EM_386, false, false } },
	{ "aarch64-linux-gnu", "aarch64", "arm64", 0x0a03, { EM_AARCH64, true, false } },
	{ "arm-linux-gnueabihf", "v7l", "arm", 0x0903, { EM_ARM, false, false } },
	{ "riscv64-linux-gnu", "riscv64", "riscv64", 0x1003, { EM_RISCV, true, false } },
	{ "powerpc64le-linux-gnu", "power8", "ppc64le", 0x0503, { EM_PPC64, true, false } },
	{ "s390x-linux-gnu", "z900", "s390x", 0x0403, { EM_S390, true, true } },
	{ "loongarch64-linux-gnu", "loongarch", "loong64", 0x1203, { EM_LOONGARCH, true, false } },
};

const struct machine *machine_find(struct elf_kind kind)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (elf_kind_equal(machines[i].kind, kind))
			return &machines[i];
	}
	return NULL;
}
