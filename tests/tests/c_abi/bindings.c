/* Every kind of argument and result in C. What the calls print goes to the file that is named, the rest to stdout. */

#include <inttypes.h>

#include "check.h"

static void
show_strings (const char *name, char **strings)
{
  printf ("%s:", name);
  for (size_t i = 0; strings && strings[i]; ++i) {
    printf (" [%s]", strings[i]);
    free (strings[i]);
  }
  puts (strings ? "" : " NULL");
  free (strings);
}

static void
show_struct (const struct guestfs_lvm_pv *pv)
{
  printf (" {%s %.32s %s %" PRIu64 " %" PRIi64 " %s}", pv->pv_name, pv->pv_uuid, pv->pv_fmt, pv->pv_size,
          pv->pv_pe_count, pv->pv_tags);
}

static void
arguments (guestfs_h *g)
{
  char *none[] = { NULL };
  char *some[] = { (char *) "1", (char *) "", (char *) "\xff", NULL };
  guestfs_internal_test (g, "abc", "def", none, 0, 0, 0, "123", "456", "abc\0abc", 7, -1);
  guestfs_internal_test (g, "abc", NULL, some, 1, -1, INT64_MIN, "", "456", "\x80\xff\x7f", 3,
                         GUESTFS_INTERNAL_TEST_OSTRINGLIST, some, GUESTFS_INTERNAL_TEST_OINT64, INT64_MAX,
                         GUESTFS_INTERNAL_TEST_OBOOL, 1, -1);
  struct guestfs_internal_test_argv optargs = {
    .bitmask = GUESTFS_INTERNAL_TEST_OINT_BITMASK | GUESTFS_INTERNAL_TEST_OSTRING_BITMASK,
    .oint = -7,
    .ostring = "string",
  };
  guestfs_internal_test_argv (g, "", "", some, 2, INT32_MAX, INT64_MAX, "1", "2", "", 0, &optargs);
  guestfs_internal_test_argv (g, "", "", some, -1, INT32_MIN, 0, "1", "2", "", 0, NULL);
  guestfs_internal_test_only_optargs (g, GUESTFS_INTERNAL_TEST_ONLY_OPTARGS_TEST, 1, -1);
  guestfs_internal_test_63_optargs (g, GUESTFS_INTERNAL_TEST_63_OPTARGS_OPT1, 1,
                                    GUESTFS_INTERNAL_TEST_63_OPTARGS_OPT63, 63, -1);
}

int
main (int argc, char *argv[])
{
  CHECK (argc == 2);
  guestfs_h *g = guestfs_create ();
  guestfs_set_error_handler (g, NULL, NULL);
  CHECK (guestfs_internal_test_set_output (g, argv[1]) == 0);
  arguments (g);
  CHECK (guestfs_internal_test_close_output (g) == 0);

  printf ("%d %d\n", guestfs_internal_test_rint (g, "10"), guestfs_internal_test_rint (g, "-1"));
  printf ("%" PRIi64 "\n", guestfs_internal_test_rint64 (g, "9223372036854775807"));
  printf ("%d %d\n", guestfs_internal_test_rbool (g, "true"), guestfs_internal_test_rbool (g, "no"));
  printf ("%s %s\n", guestfs_internal_test_rconststring (g, "x"), guestfs_internal_test_rconstoptstring (g, "x"));
  char *string = guestfs_internal_test_rstring (g, "a\xff");
  printf ("%s\n", string);
  free (string);
  size_t size = 0;
  string = guestfs_internal_test_rbufferout (g, "buffer", &size);
  CHECK (string && size == 6 && memcmp (string, "buffer", 6) == 0);
  free (string);
  show_strings ("list", guestfs_internal_test_rstringlist (g, "3"));
  show_strings ("empty list", guestfs_internal_test_rstringlist (g, "0"));
  show_strings ("hash", guestfs_internal_test_rhashtable (g, "2"));
  show_strings ("failed", guestfs_internal_test_rhashtableerr (g));
  struct guestfs_lvm_pv *pv = guestfs_internal_test_rstruct (g, "x");
  show_struct (pv);
  guestfs_free_lvm_pv (pv);
  struct guestfs_lvm_pv_list *pvs = guestfs_internal_test_rstructlist (g, "3");
  for (uint32_t i = 0; i < pvs->len; ++i)
    show_struct (&pvs->val[i]);
  guestfs_free_lvm_pv_list (pvs);
  printf ("\n%d %" PRIi64 " %d %d\n", guestfs_internal_test_rinterr (g), guestfs_internal_test_rint64err (g),
          guestfs_internal_test_rboolerr (g), guestfs_internal_test_rstructlisterr (g) == NULL);
  printf ("%s %d\n", guestfs_last_error (g), guestfs_last_errno (g));
  guestfs_close (g);
  return 0;
}
