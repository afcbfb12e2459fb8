"""Wrong use of the C library, without launching anything: what is returned, the message and the error number."""

import ctypes

lib = ctypes.CDLL("libguestfs.so.0")
lib.guestfs_create.restype = ctypes.c_void_p
lib.guestfs_last_error.restype = ctypes.c_char_p
g = ctypes.c_void_p(lib.guestfs_create())

S = ctypes.c_char_p


class Argv(ctypes.Structure):
    """The beginning of any struct of optional arguments, and room for the rest of it."""
    _fields_ = [("mask", ctypes.c_uint64), ("rest", ctypes.c_char * 256)]


def call(name, *arguments, pointer=False):
    function = getattr(lib, "guestfs_" + name)
    function.restype = ctypes.c_void_p if pointer else ctypes.c_int
    answer = function(g, *arguments)
    if pointer:
        answer = "NULL" if answer is None else "not NULL"
    message = lib.guestfs_last_error(g) or b"no error"
    # Where an option is unknown, each library says in its own words how that can be.
    message = message.split(b" (this can")[0].split(b": this library")[0]
    print(name, answer, message.decode("latin-1"), lib.guestfs_last_errno(g), flush=True)


call("get_trace")
call("cat", S(b"/x"), pointer=True)
call("cat", None, pointer=True)
call("mount", S(b"/dev/sda"), None)
call("mount_options", S(b""), S(b"/dev/sda"), S(b"/"))
call("download", S(b"/x"), S(b"/nonexistent/x"))
call("download", S(b"/x"), None)
call("upload", S(b"/nonexistent"), S(b"/x"))
call("write", S(b"/x"), None, ctypes.c_size_t(0))
call("command", None, pointer=True)
call("available", None)
call("part_to_dev", S(b"/dev/sda1"), pointer=True)
call("list_filesystems", pointer=True)
call("add_drive", S(b"/nonexistent"))
call("add_drive", S(b"relative"))
call("add_drive", None)
call("add_drive_opts_argv", S(b"/dev/null"), None)
for mask in (1 << 40, 1 << 13, 1 << 1, 1 << 6):
    call("add_drive_opts_argv", S(b"/dev/null"), ctypes.byref(Argv(mask=mask)))
call("add_drive_opts", S(b"/dev/null"), 99, 1, -1)
call("add_drive_opts", S(b"/dev/null"), 0, 1, 0, 1, -1)
call("set_smp", 0)
call("set_backend", S(b"unheard-of"))
call("internal_test_rint", None)
call("internal_test_rint", S(b"word"))
call("internal_test_rinterr")
call("internal_test_rconststringerr", pointer=True)
call("internal_test_rstructlisterr", pointer=True)
call("internal_test_rbufferouterr", None, pointer=True)
call("set_event_callback", None, ctypes.c_uint64(1), 1, None)
call("user_cancel")
call("shutdown")
call("set_network", 5)
call("get_network")
lib.guestfs_close(g)
