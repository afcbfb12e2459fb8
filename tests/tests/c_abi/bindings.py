"""Every kind of argument and result through libguestfs's Python binding; errors and events too.

What the calls print goes to the file that is named, the rest to stdout.
"""

import sys
import guestfs

g = guestfs.GuestFS()
g.internal_test_set_output(sys.argv[1])

BUFFER = bytes(range(256))
g.internal_test("abc", "def", [], False, 0, 0, "123", "456", b"abc\0abc")
g.internal_test("abc", None, ["1"], True, -1, -1, "", "456", BUFFER)
g.internal_test("", "", ["1", "", "äöü"], True, 2**31 - 1, 2**63 - 1, "1", "2", b"")
g.internal_test("abc", "def", [], False, -2**31, -2**63, "123", "456", b"x", obool=True, oint=-1, oint64=2**40)
g.internal_test("abc", "def", [], False, 0, 0, "123", "456", b"x", ostring="string", ostringlist=["a", "", "b"])
g.internal_test("abc", "def", [], False, 0, 0, "123", "456", b"x", obool=False, oint=0, oint64=0, ostring="",
                ostringlist=[])
g.internal_test_only_optargs()
g.internal_test_only_optargs(test=1)
g.internal_test_63_optargs(opt1=1, opt63=63, opt32=32)
g.internal_test_close_output()


def show(name, *arguments):
    try:
        answer = getattr(g, "internal_test_" + name)(*arguments)
        if isinstance(answer, dict):
            answer = sorted(answer.items())
        print(name, arguments, answer)
    except (RuntimeError, ValueError, TypeError) as error:
        print(name, arguments, type(error).__name__, error)


for number in ("10", "0", "-7", "2147483647", "-2147483648", "010", "word", ""):
    show("rint", number)
    show("rint64", number)
show("rint64", "9223372036854775807")
show("rint64", "0x10")
for text in ("true", "false", "1"):
    show("rbool", text)
for text in ("", "abc", "äöü"):
    show("rstring", text)
    show("rbufferout", text)
    show("rconststring", text)
    show("rconstoptstring", text)
for count in ("0", "1", "3", "many"):
    show("rstringlist", count)
    show("rhashtable", count)
    show("rstructlist", count)
show("rstruct", "unused")
for name in ("rint", "rint64", "rbool", "rconststring", "rstring", "rstringlist", "rstruct", "rstructlist",
             "rhashtable", "rbufferout"):
    show(name + "err")
print("rconstoptstringerr", g.internal_test_rconstoptstringerr())

for events in (0, guestfs.EVENT_CLOSE, guestfs.EVENT_ALL, guestfs.EVENT_TRACE | guestfs.EVENT_PROGRESS):
    print(events, guestfs.event_to_string(events))

heard = []
number = g.set_event_callback(lambda event, handle, text, array: heard.append((event, handle, text, array)),
                              guestfs.EVENT_TRACE | guestfs.EVENT_ENTER | guestfs.EVENT_CLOSE)
g.set_trace(True)
g.internal_test_rint("10")
g.internal_test_rstringlist("2")
g.internal_test_rstruct("x")
g.set_identifier("name")
try:
    g.internal_test_rinterr()
except RuntimeError:
    pass
g.set_trace(False)
g.close()
print("\n".join(map(str, heard)))
