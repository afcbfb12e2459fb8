/*
 * file_zmagic(): what is in compressed data. In the place of libmagic's compress.c, which starts programs; here Rust decompresses, in
 * this process. What is printed, and in which order, is compress.c's.
 */
#include "file.h"
#include "magic.h"

/* What Rust found of one method of compression; the same in src/ffi.rs. */
enum outcome {
	FAILED = -1,		/* the guest's file can't be read */
	CONTENTS = 0,		/* this was inside */
	MESSAGE = 1,		/* it can't be decompressed: why, after the program's name */
	OTHER = 2,		/* it isn't compressed by this method */
	NO_MORE_METHODS = 3,
};

/* Prints what the compressed data itself is, in brackets. */
static int
print_container(struct magic_set *ms, const struct buffer *b)
{
	file_pushbuf_t *outer;
	char *description;
	int result;

	if (file_printf(ms, " (") == -1 || (outer = file_push_buffer(ms)) == NULL)
		return -1;
	result = file_buffer(ms, -1, NULL, NULL, b->fbuf, b->flen);
	description = file_pop_buffer(ms, outer);
	if (result != -1 && description != NULL)
		result = file_printf(ms, "%s", description);
	free(description);
	return result == -1 ? -1 : file_printf(ms, ")");
}

int
file_zmagic(struct magic_set *ms, const struct buffer *b, const char *name)
{
	int outcome = OTHER, found = 0;
	size_t method;
	unsigned char *out;

	if ((ms->flags & MAGIC_COMPRESS) == 0)
		return 0;
	/* A NUL follows, as after every buffer that libmagic looks at. Pages that stay zero cost nothing. */
	if ((out = calloc(1, ms->bytes_max + 1)) == NULL) {
		file_oomem(ms, ms->bytes_max + 1);
		return -1;
	}
	/* What is inside isn't decompressed again. */
	ms->flags &= ~MAGIC_COMPRESS;
	/* All methods: .Z files are printed twice, once for each of two programs. */
	for (method = 0; found != -1 && outcome != NO_MORE_METHODS; method++) {
		size_t length = ms->bytes_max;
		int printed;

		outcome = guest_unpack(method, b->fbuf, b->flen, out, &length);
		if (outcome == FAILED) {
			file_error(ms, EIO, "cannot decompress");
			found = -1;
		}
		if (outcome != CONTENTS && outcome != MESSAGE)
			continue;
		out[length] = '\0';
		if (outcome == MESSAGE)
			printed = file_printf(ms, "ERROR:[%s]", (char *)out);
		else
			printed = file_buffer(ms, -1, NULL, name, out, length);
		found = printed == -1 || print_container(ms, b) == -1 ? -1 : 1;
	}
	ms->flags |= MAGIC_COMPRESS;
	free(out);
	return found;
}
