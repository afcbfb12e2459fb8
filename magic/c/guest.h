/*
 * The guest's file in place of the host's files. Included before everything else, by config.h.
 */
#ifndef GLASSBOX_MAGIC_GUEST_H
#define GLASSBOX_MAGIC_GUEST_H

/* The real declarations first: the macros below are only for those who call. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* The file that is being described. The same in src/ffi.rs. */
struct glassbox_guest {
	/* What Rust reads it by, and its functions (src/ffi.rs), which are no symbols that a library would export. */
	void *context;
	/* Bytes read, or -1 with the error kept in the context. */
	ssize_t (*read_at)(void *context, void *buf, size_t count, int64_t offset);
	/*
	 * Decompresses what begins with the `nbytes` bytes at `data` into `out`, which has room for `*length` bytes; says how long it is.
	 */
	int (*unpack)(void *context, size_t method, const void *data, size_t nbytes, void *out, size_t *length);
	/* Bytes that can be read. */
	int64_t length;
	/* st_mode, and st_size: 0 for what isn't a regular file. */
	int64_t size;
	uint32_t mode;
	/* Where read() goes on. */
	int64_t position;
};

int guest_unpack(size_t, const void *, size_t, void *, size_t *);
ssize_t guest_read(void *, size_t);
ssize_t guest_pread(void *, size_t, off_t);
off_t guest_lseek(off_t, int);
int guest_stat(struct stat *);
char *guest_ctime(const time_t *, char *);

/* Any name and any descriptor is the guest's file: there is no other. */
#define GUEST_DESCRIPTOR 3
#define open(...) GUEST_DESCRIPTOR
#define close(fd) ((void)(fd), 0)
#define read(fd, buf, count) ((void)(fd), guest_read(buf, count))
#define pread(fd, buf, count, offset) ((void)(fd), guest_pread(buf, count, offset))
#define lseek(fd, offset, whence) ((void)(fd), guest_lseek(offset, whence))
#define fstat(fd, st) ((void)(fd), guest_stat(st))
#define stat(name, st) ((void)(name), guest_stat(st))
#define lstat(name, st) ((void)(name), guest_stat(st))

/* What is never asked of a file that can be read, and reading and writing databases: not in the library. */
#define access(name, mode) ((void)(name), (void)(mode), -1)
#define fopen(name, mode) ((void)(name), (void)(mode), (FILE *)NULL)
#define getenv(name) ((void)(name), (char *)NULL)
#define opendir(name) ((void)(name), (DIR *)NULL)
#define pipe(fds) ((void)(fds), -1)
#define readlink(name, buf, size) ((void)(name), (void)(buf), (void)(size), (ssize_t)-1)
#define utimes(name, times) ((void)(name), (void)(times), -1)
#define write(fd, buf, count) ((void)(fd), (void)(buf), (void)(count), (ssize_t)-1)

/* The appliance's clock is in UTC, whatever the host's is. */
#define localtime_r(time, tm) gmtime_r(time, tm)
#define ctime_r(time, buf) guest_ctime(time, buf)
#define mktime(tm) timegm(tm)

#endif
