/* Collects the optional arguments of a variadic call into the struct that the call's argv form takes. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "guestfs.h"

/* How a value travels: a bool or int, an int64_t, a string or list of strings. */
enum kind { INT, INT64, POINTER };

/* An optional argument: how it travels and its place in the struct. */
struct option {
  enum kind kind;
  size_t offset;
};

/* In Rust (optargs.rs): record what is wrong with an argument's code. */
extern void glassbox_unknown_option (guestfs_h *g, const char *call, int code);
extern void glassbox_repeated_option (guestfs_h *g, const char *call);

/* Fills in the struct at "to", which begins with the mask. Returns -1 if a code is wrong. */
static int
collect (guestfs_h *g, const char *call, const struct option *options, int count, void *to, va_list args)
{
  uint64_t mask = 0;
  for (;;) {
    const int code = va_arg (args, int);
    if (code == -1)
      break;
    if (code < 0 || code >= count) {
      glassbox_unknown_option (g, call, code);
      return -1;
    }
    if (mask & (UINT64_C (1) << code)) {
      glassbox_repeated_option (g, call);
      return -1;
    }
    mask |= UINT64_C (1) << code;
    char *place = (char *) to + options[code].offset;
    switch (options[code].kind) {
    case INT:
      *(int *) place = va_arg (args, int);
      break;
    case INT64:
      *(int64_t *) place = va_arg (args, int64_t);
      break;
    case POINTER:
      *(const void **) place = va_arg (args, const void *);
      break;
    }
  }
  *(uint64_t *) to = mask;
  return 0;
}
