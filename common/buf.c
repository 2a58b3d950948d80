#include "common/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void out_of_memory(void) __attribute__((noreturn));

static void out_of_memory(void)
{
	static const char message[] = "containust: out of memory\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(1);
	_exit(1);
}

void ct_buf_reserve(struct ct_buf *buf, size_t length)
{
	size_t wanted, capacity;

	if (length > SIZE_MAX / 4 - buf->length)
		out_of_memory();
	wanted = buf->length + length + 1;
	if (wanted <= buf->capacity)
		return;
	capacity = buf->capacity < 256 ? 256 : buf->capacity;
	while (capacity < wanted)
		capacity *= 2;
	buf->data = ct_realloc_array(buf->data, capacity, 1);
	buf->capacity = capacity;
}

void ct_buf_append(struct ct_buf *buf, const void *bytes, size_t length)
{
	ct_buf_reserve(buf, length);
	if (length > 0)
		memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void ct_buf_puts(struct ct_buf *buf, const char *text)
{
	ct_buf_append(buf, text, strlen(text));
}

void ct_buf_putc(struct ct_buf *buf, char byte)
{
	ct_buf_append(buf, &byte, 1);
}

void ct_buf_printf(struct ct_buf *buf, const char *format, ...)
{
	va_list arguments;
	int length;

	ct_buf_reserve(buf, 128);
	va_start(arguments, format);
	length = vsnprintf(buf->data + buf->length, buf->capacity - buf->length, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	if ((size_t)length >= buf->capacity - buf->length) {
		ct_buf_reserve(buf, (size_t)length);
		va_start(arguments, format);
		vsnprintf(buf->data + buf->length, buf->capacity - buf->length, format, arguments);
		va_end(arguments);
	}
	buf->length += (size_t)length;
}

void ct_buf_clear(struct ct_buf *buf)
{
	buf->length = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void ct_buf_free(struct ct_buf *buf)
{
	free(buf->data);
	*buf = (struct ct_buf)CT_BUF_INIT;
}

char *ct_buf_detach(struct ct_buf *buf)
{
	char *data;

	ct_buf_reserve(buf, 0);
	data = buf->data;
	data[buf->length] = '\0';
	*buf = (struct ct_buf)CT_BUF_INIT;
	return data;
}

void *ct_alloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		out_of_memory();
	return memory;
}

void *ct_alloc_array(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory)
		out_of_memory();
	return memory;
}

void *ct_realloc_array(void *array, size_t count, size_t size)
{
	void *memory;

	if (size && count > SIZE_MAX / size)
		out_of_memory();
	memory = realloc(array, count && size ? count * size : 1);
	if (!memory)
		out_of_memory();
	return memory;
}

char *ct_strndup(const char *text, size_t length)
{
	char *copy = ct_alloc(length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *ct_strdup(const char *text)
{
	return ct_strndup(text, strlen(text));
}

char *ct_asprintf(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	return text;
}
