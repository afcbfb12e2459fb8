/* A domain that the program has looked up with libvirt's library is added by guestfs_add_libvirt_dom.
 * Arguments: the URI of a libvirt, the name of a domain there that has two disks. */

#include <dlfcn.h>

#include "check.h"

typedef void *(*open_function) (const char *uri);
typedef void *(*lookup_function) (void *connection, const char *name);
typedef int (*end_function) (void *object);

static void *
function (void *library, const char *name)
{
  void *found = dlsym (library, name);
  CHECK (found != NULL);
  return found;
}

int
main (int argc, char **argv)
{
  CHECK (argc == 3);
  guestfs_h *g = guestfs_create ();
  CHECK (g != NULL);
  /* No libvirt is loaded that could have made an object. */
  CHECK (guestfs_add_libvirt_dom (g, argv, -1) == -1);
  CHECK (guestfs_last_errno (g) == ENOTSUP);

  /* Not for everybody: its functions must be found all the same. */
  void *library = dlopen ("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
  CHECK (library != NULL);
  void *connection = ((open_function) function (library, "virConnectOpen")) (argv[1]);
  CHECK (connection != NULL);
  void *domain = ((lookup_function) function (library, "virDomainLookupByName")) (connection, argv[2]);
  CHECK (domain != NULL);

  CHECK (guestfs_add_libvirt_dom (g, NULL, -1) == -1);
  CHECK (guestfs_add_libvirt_dom (g, domain, GUESTFS_ADD_LIBVIRT_DOM_READONLY, 1,
                                  GUESTFS_ADD_LIBVIRT_DOM_IFACE, "ide", -1) == 2);
  char **drives = guestfs_debug_drives (g);
  CHECK (drives != NULL && drives[0] != NULL && drives[1] != NULL && drives[2] == NULL);
  CHECK (strstr (drives[0], "first.img readonly format=raw protocol=file iface=ide"));
  for (size_t i = 0; drives[i] != NULL; i++)
    free (drives[i]);
  free (drives);

  ((end_function) function (library, "virDomainFree")) (domain);
  ((end_function) function (library, "virConnectClose")) (connection);
  guestfs_close (g);
  return EXIT_SUCCESS;
}
