/*
 * The program that build.rs runs: compiles a folder of magic into FOLDER.mgc in the working directory.
 */
#include "file.h"
#include "magic.h"

/* Nothing is described here. */
int
file_zmagic(struct magic_set *ms, const struct buffer *b, const char *name)
{
	(void)ms;
	(void)b;
	(void)name;
	return 0;
}

ssize_t
sread(int fd, void *buf, size_t count, int canbepipe)
{
	(void)canbepipe;
	return read(fd, buf, count);
}

int
file_pipe2file(struct magic_set *ms, int fd, const void *startbuf, size_t nbytes)
{
	(void)ms;
	(void)fd;
	(void)startbuf;
	(void)nbytes;
	return -1;
}

int
main(int argc, char **argv)
{
	magic_t ms;

	if (argc != 2) {
		fprintf(stderr, "usage: compile FOLDER\n");
		return 2;
	}
	ms = magic_open(MAGIC_CHECK);
	if (ms == NULL || magic_compile(ms, argv[1]) == -1) {
		fprintf(stderr, "%s: %s\n", argv[1], ms == NULL ? "no memory" : magic_error(ms));
		return 1;
	}
	magic_close(ms);
	return 0;
}
