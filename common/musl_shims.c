/*
 * Debian's libyajl_s.a and libmd.a are compiled with _FORTIFY_SOURCE, so they call
 * glibc's checked variants of three functions. Linked into a musl program they
 * find these instead, which check as glibc does: abort rather than overflow.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __snprintf_chk(char *text, size_t size, int flag, size_t object_size, const char *format, ...);
int __sprintf_chk(char *text, int flag, size_t object_size, const char *format, ...);
void *__memcpy_chk(void *to, const void *from, size_t length, size_t object_size);

int __snprintf_chk(char *text, size_t size, int flag, size_t object_size, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	if (size > object_size)
		abort();
	va_start(arguments, format);
	length = vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return length;
}

int __sprintf_chk(char *text, int flag, size_t object_size, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	va_start(arguments, format);
	length = vsnprintf(text, object_size, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= object_size)
		abort();
	return length;
}

void *__memcpy_chk(void *to, const void *from, size_t length, size_t object_size)
{
	if (length > object_size)
		abort();
	return memcpy(to, from, length);
}
