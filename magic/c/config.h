/*
 * What autoconf would find out about the system, and what libmagic may see of it.
 *
 * Built as a library (GLASSBOX_GUEST), libmagic sees one file: the guest's. Every call by which it would reach a file of the host is
 * replaced here by one of guest.c's, so that the sources need no change and can't open anything else.
 */
#ifndef GLASSBOX_MAGIC_CONFIG_H
#define GLASSBOX_MAGIC_CONFIG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _FILE_OFFSET_BITS 64

#define VERSION "5.44"
#define HAVE_VISIBILITY 1

/* Read ELF files beyond what magic can tell, as Debian's build does. */
#define BUILTIN_ELF 1
#define ELFCORE 1
/* funcs.c looks into compressed data only where it could fork; zmagic.c does without. */
#define HAVE_FORK 1

#define HAVE_ASCTIME_R 1
#define HAVE_ASPRINTF 1
#define HAVE_CTIME_R 1
#define HAVE_DPRINTF 1
#define HAVE_FREELOCALE 1
#define HAVE_GETLINE 1
#define HAVE_GMTIME_R 1
#define HAVE_INTTYPES_H 1
#define HAVE_LOCALTIME_R 1
#define HAVE_MEMMEM 1
#define HAVE_NEWLOCALE 1
#define HAVE_PREAD 1
#define HAVE_STDINT_H 1
#define HAVE_STRCASESTR 1
#define HAVE_STRNDUP 1
#define HAVE_STRTOF 1
#define HAVE_STRUCT_STAT_ST_RDEV 1
#define HAVE_STRUCT_TM_TM_GMTOFF 1
#define HAVE_STRUCT_TM_TM_ZONE 1
#define HAVE_UNISTD_H 1
#define HAVE_USELOCALE 1
#define HAVE_UTIMES 1
#define HAVE_VASPRINTF 1
#ifdef __linux__
#define HAVE_BYTESWAP_H 1
#define HAVE_SYS_SYSMACROS_H 1
#endif
#ifdef __APPLE__
#define HAVE_XLOCALE_H 1
#endif

/* Some C libraries have these two and some don't. */
#define strlcpy glassbox_magic_strlcpy
#define strlcat glassbox_magic_strlcat

/* A program that links another libmagic as well must get ours here and that one there. */
#define magic_close glassbox_magic_close
#define magic_errno glassbox_magic_errno
#define magic_error glassbox_magic_error
#define magic_file glassbox_magic_file
#define magic_load_buffers glassbox_magic_load_buffers
#define magic_open glassbox_magic_open
#define magic_setflags glassbox_magic_setflags

#ifdef GLASSBOX_GUEST
#include "guest.h"
#endif

#endif
