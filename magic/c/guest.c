/*
 * One description, and the file calls that libmagic makes for it.
 */
#include "file.h"
#include "magic.h"

#include <limits.h>

/* The file of the description that this thread makes; libmagic's functions have no argument for it. */
static _Thread_local struct glassbox_guest *guest;

/* Describes `file`, with flags of magic.h. NULL is an error, of which magic_error() tells unless it was Rust's. */
const char *
glassbox_magic_describe(struct magic_set *ms, struct glassbox_guest *file, int flags)
{
	const char *description;
	/* What is a letter, and how a number looks, doesn't depend on the program that we are in. */
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t old;

	if (c == (locale_t)0)
		return NULL;
	old = uselocale(c);
	magic_setflags(ms, flags);
	guest = file;
	/* file(1) gives a pipe no name: it is standard input. */
	description = magic_file(ms, S_ISFIFO(file->mode) ? NULL : "");
	guest = NULL;
	uselocale(old);
	freelocale(c);
	return description;
}

int
guest_unpack(size_t method, const void *data, size_t nbytes, void *out, size_t *length)
{
	return guest->unpack(guest->context, method, data, nbytes, out, length);
}

int
guest_stat(struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = guest->mode;
	st->st_size = guest->size;
	return 0;
}

ssize_t
guest_read(void *buf, size_t count)
{
	ssize_t done = guest->read_at(guest->context, buf, count, guest->position);

	if (done > 0)
		guest->position += done;
	return done;
}

ssize_t
guest_pread(void *buf, size_t count, off_t offset)
{
	if (S_ISFIFO(guest->mode)) {
		errno = ESPIPE;
		return -1;
	}
	if (offset < 0) {
		errno = EINVAL;
		return -1;
	}
	return guest->read_at(guest->context, buf, count, offset);
}

off_t
guest_lseek(off_t offset, int whence)
{
	if (S_ISFIFO(guest->mode)) {
		errno = ESPIPE;
		return -1;
	}
	if (whence == SEEK_CUR ? offset != 0 : whence != SEEK_SET || offset < 0) {
		errno = EINVAL;
		return -1;
	}
	if (whence == SEEK_SET)
		guest->position = offset;
	return guest->position;
}

/* As ctime_r(), in UTC. `buf` has room for 26 bytes. */
char *
guest_ctime(const time_t *time, char *buf)
{
	struct tm tm;

	return gmtime_r(time, &tm) == NULL ? NULL : asctime_r(&tm, buf);
}

/* compress.c has the two that follow, for pipes. */
ssize_t
sread(int fd, void *buf, size_t count, int canbepipe)
{
	(void)fd;
	(void)canbepipe;
	return guest_read(buf, count);
}

/* libmagic copies a pipe to a file where it must seek. Ours can be read anywhere, and only has to say so. */
int
file_pipe2file(struct magic_set *ms, int fd, const void *startbuf, size_t nbytes)
{
	(void)ms;
	(void)startbuf;
	(void)nbytes;
	guest->mode = S_IFREG | 0600;
	guest->size = guest->length;
	guest->position = 0;
	return fd;
}
