/* A fuzz target without a fuzzer: every file that is named goes through it once. The first broken promise ends it. */
#include <fcntl.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "tests/fuzz/fuzz.h"

#define LARGEST ((size_t)32 << 20)

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		ct_autobuf bytes = CT_BUF_INIT;

		if (ct_read_file_at(AT_FDCWD, argv[i], LARGEST, &bytes) < 0) {
			perror(argv[i]);
			return 1;
		}
		/* If this is the last line, it is this file. */
		fprintf(stderr, "%s\n", argv[i]);
		/* Exactly as many bytes as there are: nobody may count on the NUL behind a buffer. */
		if (bytes.length > 0)
			bytes.data = ct_realloc_array(bytes.data, bytes.length, 1);
		LLVMFuzzerTestOneInput((const uint8_t *)bytes.data, bytes.length);
	}
	printf("%d\n", argc - 1);
	return 0;
}
