# Files of an ext4, made, changed and removed.
#~ st_ino: which is free depends on how a name is replaced
#~ st_atime_sec|st_atime_nsec|st_mtime_sec|st_mtime_nsec|st_ctime_sec|st_ctime_nsec: the clock

add-drive a.raw format:raw
run
part-init /dev/sda gpt
part-add /dev/sda p 2048 329727
part-add /dev/sda p 329728 411647
part-add /dev/sda p 411648 452607
part-add /dev/sda p 452608 534527
mke2fs /dev/sda1 fstype:ext4 blocksize:1024 uuid:01234567-89ab-cdef-0123-0000000000aa label:files
write /early "nothing is mounted"
mkdir /early
upload piece.bin /early
touch /early
rm /early
mount /dev/sda1 /
umask 022

# Writing
write /hello "hello, world\n"
cat /hello
write /hello ""
filesize /hello
write /hello "a\tb\\c\x00\xff\n"
checksum md5 /hello
write-append /hello "more\n"
cat /hello
write-append /made-by-append "text"
cat /made-by-append
write-file /counted "abcdef" 3
cat /counted
write-file /counted "abcdef" 0
cat /counted
write-file /counted "abc" 6
write-file /counted "abc" -1
write / "x"
write /absent/file "x"
write /hello/file "x"
write relative "x"
internal-write /hello "internal"
pwrite /hello "PW" 2
cat /hello
pwrite /hello "beyond" 100
filesize /hello
pwrite /hello "x" -1
pwrite /absent "x" 0
fill 0x41 1000 /filled
checksum sha1 /filled
fill 256 10 /filled
fill 0x41 -1 /filled
fill-pattern abcdefghijklmnopqrstuvwxyz 100 /pattern
cat /pattern
fill-pattern "" 100 /pattern
fill-pattern abc -1 /pattern
fill-pattern abc 10 /absent/pattern
mkdir /filled-dir
fill-dir /filled-dir 20
ls /filled-dir
fill-dir /absent 2
fill-dir /filled-dir -1
truncate /pattern
filesize /pattern
truncate /absent
truncate-size /pattern 100000
filesize /pattern
is-zero /pattern
truncate-size /pattern -1
truncate-size /pattern 5
truncate-size /absent 5
truncate-size /filled-dir 5
fallocate /allocated 100000
statns /allocated
fallocate64 /allocated 200000
filesize /allocated
fallocate64 /allocated 0
fallocate64 /allocated -1
fallocate /allocated -1
fallocate64 /too-large 999999999999
filesize /too-large
rm-f /too-large
touch /touched
statns /touched
touch /hello
touch /filled-dir
touch /absent/file
touch /

# Directories
mkdir /dir
mkdir /dir
mkdir /absent/dir
mkdir /hello/dir
mkdir /
mkdir-mode /private 0700
statns /private
mkdir-mode /sticky 01777
statns /sticky
mkdir-mode /negative -1
mkdir-p /deep/er/and/deeper
mkdir-p /deep/er/and/deeper
mkdir-p /hello/x
mkdir-p /
is-dir /deep/er/and
umask 077
mkdir /masked
statns /masked
write /masked/file x
statns /masked/file
umask 022
umask -1
umask 01000
get-umask
rmdir /dir
rmdir /dir
rmdir /deep
rmdir /hello
rmdir /
#= shape: made up
mkdtemp /tmpXXXXXX
#= shape: made up
glob-expand /tmp*
mkdtemp /no-template
mkdtemp /absent/tmpXXXXXX
#= shape: made up
mktemp /fileXXXXXX
#= shape: made up
mktemp /fileXXXXXX suffix:.txt
mktemp /no-template
mktemp /fileXXXXXX suffix:/bad
rm-rf /masked
rm-rf /absent
rm-rf /

# Modes, owners, times
write /attributes text
chmod 0640 /attributes
chmod 04755 /attributes
statns /attributes
chmod -1 /attributes
chmod 0640 /absent
chown 1000 100 /attributes
statns /attributes
chown -1 7 /attributes
chown 7 -1 /attributes
statns /attributes
chown 1 1 /absent
ln-s attributes /link
chown 8 8 /link
statns /attributes
lchown 9 9 /link
lstatns /link
statns /attributes
lchown 9 9 /absent
chmod 0600 /link
utimens /attributes 1000000000 111 1100000000 222
#= mask st_ino|st_ctime_sec|st_ctime_nsec: as above
statns /attributes
utimens /attributes 5 -2 1200000000 0
#= mask st_ino|st_ctime_sec|st_ctime_nsec: as above
statns /attributes
utimens /attributes 5 -1 5 -2
#= mask st_ino|st_atime_sec|st_atime_nsec|st_ctime_sec|st_ctime_nsec: as above
statns /attributes
utimens /link 1 2 3 4
#= mask st_ino|st_ctime_sec|st_ctime_nsec: as above
lstatns /link
utimens /attributes 1 1000000000 1 0
utimens /absent 1 1 1 1
utimens /attributes -1000 0 -1000 0
#= mask st_ino|st_ctime_sec|st_ctime_nsec: as above
statns /attributes
write /copy text
copy-attributes /attributes /copy mode:true
statns /copy
copy-attributes /attributes /copy ownership:true
statns /copy
copy-attributes /attributes /copy all:true mode:false
copy-attributes /attributes /copy
copy-attributes /absent /copy all:true
copy-attributes /attributes /absent all:true

# Links and nodes
ln /attributes /hard
statns /hard
ln /attributes /hard
ln /absent /hard2
ln-f /copy /hard
write /lonely text
#= only success
ln-f /lonely /lonely
#= differs: there a name is removed before it is known that the other file is there
exists /lonely
write /lonely text
#= only success
ln-f /absent /lonely
#= differs: as above
exists /lonely
rm-f /lonely
ln /deep /hard-dir
ln-s target /symbolic
readlink /symbolic
ln-s target /symbolic
ln-s "" /empty
ln-s target /absent/link
ln-sf other /symbolic
readlink /symbolic
ln-sf /deep /deep
ln-sf target /deep
ls /deep
ln-s self /self
cat /self
write /self x
readlink /hello
mkfifo 0644 /fifo
statns /fifo
mkfifo 0644 /fifo
mkfifo 010644 /fifo2
mknod-b 0660 8 1 /block
statns /block
mknod-c 0666 1 3 /char
statns /char
mknod 0140644 0 0 /socket
statns /socket
mknod 0100600 0 0 /regular
statns /regular
mknod 010600 0 0 /pipe
mknod 020600 5 6 /char2
mknod 0600 1 2 /plain
statns /plain
mknod 040755 0 0 /node-dir
mknod-b 0660 -1 1 /bad
mknod -1 0 0 /bad
mknod-c 0666 1 3 /absent/char
is-blockdev /block
is-chardev /char
is-fifo /fifo
is-socket /socket

# Copies, moves, removals
cp /attributes /cp1
statns /cp1
cp /attributes /deep
cp /absent /cp2
cp /deep /cp2
cp /attributes /attributes
cp-a /attributes /cp-a
#= mask st_ino|st_atime_sec|st_atime_nsec|st_ctime_sec|st_ctime_nsec: as above
statns /cp-a
cp-a /deep /deep-a
cp-a /link /link-a
readlink /link-a
cp-a /absent /x
cp-r /deep /deep-r
find /deep-r
cp-r /deep /deep-r
find /deep-r
cp-r /char /char-r
cp-r /link /link-r
readlink /link-r
cp-r /deep /hello
mv /cp1 /moved
exists /cp1
mv /moved /deep
exists /deep/moved
mv /absent /x
mv /deep /deep/er
mv /deep/moved /hello
rename /deep-r /renamed
rename /renamed /renamed
rename /renamed /private
rename /absent /x
rename /hello /renamed
rename /renamed /hello
rename / /x
rm /deep
rm /absent
rm /absent/file
rm-f /absent
rm-f /renamed
rm-f /absent/file
rm /socket
rm-rf /renamed
exists /renamed
copy-file-to-file /pattern /new
copy-file-to-file /attributes /new srcoffset:1 destoffset:10 size:2
pread /new 12 0
copy-file-to-file /attributes /new append:true
pread /new 20 8
copy-file-to-file /attributes /new srcoffset:100
copy-file-to-file /attributes /new srcoffset:2 size:100
copy-file-to-file /attributes /new size:-2
copy-file-to-file /absent /new
copy-file-to-file /attributes /absent/new
copy-file-to-file /attributes /new sparse:true
pread /new 20 0
copy-file-to-device /filled /dev/sda3 destoffset:512
pread-device /dev/sda3 4 512
copy-file-to-device /filled /dev/sda9
copy-device-to-file /dev/sda3 /from-device srcoffset:512 size:1000
equal /filled /from-device
copy-device-to-file /dev/sda9 /from-device
copy-size /filled /half 500
filesize /half
copy-size /filled /half 5000
copy-size /filled /half -1
copy-size /filled /dev/sda3 100
dd /filled /dd
equal /filled /dd
dd /filled /dev/sda3
dd /absent /dd
dd /dev/sda9 /dd
cp-a /dd /dd2
equal /dd /dd2

# Streams in and out. Archives have the times of the clock in them: they are compared by what comes out again.
download /filled filled.bin
upload filled.bin /uploaded
checksum sha256 /uploaded
upload absent.bin /uploaded2
exists /uploaded2
upload filled.bin /absent/file
upload filled.bin /deep
upload-offset filled.bin /uploaded 500
filesize /uploaded
upload-offset filled.bin /new-by-offset 10
filesize /new-by-offset
tar-out /deep none.deep.tar
glob rm-rf /tmp*
glob rm-f /file*
tar-out / none.everything.tar numericowner:true xattrs:true acls:true
mkdir /unpacked
tar-in none.deep.tar /unpacked
find /unpacked
tar-in none.deep.tar /absent
tar-in none.deep.tar /hello
tar-in filled.bin /unpacked
tar-in absent.tar /unpacked
tar-out /deep none.deep.tar.gz compress:gzip
tar-in none.deep.tar.gz /unpacked compress:gzip
tar-in none.deep.tar.gz /unpacked compress:xz
tgz-in none.deep.tar.gz /unpacked
tgz-out /deep none.deep2.tgz
txz-out /deep none.deep.txz
txz-in none.deep.txz /unpacked
tar-out /deep none.deep.tar.xz compress:xz
tar-in none.deep.tar.xz /unpacked compress:xz
tar-out /deep none.deep.tar.bz2 compress:bzip2
tar-in none.deep.tar.bz2 /unpacked compress:bzip2
find /unpacked
mkdir /everything
tar-in none.everything.tar /everything xattrs:true acls:true selinux:true
find /everything
statns /everything/attributes
statns /everything/char
statns /everything/private
rm-rf /everything
base64-out /filled filled.b64
base64-in filled.b64 /decoded
equal /filled /decoded
base64-in filled.bin /decoded
base64-in absent.b64 /decoded
copy-in filled.bin /deep
exists /deep/filled.bin
copy-in absent.bin /deep
copy-in filled.bin /absent
copy-out /deep .
copy-in deep /unpacked
find /unpacked/deep
compress-out gzip /filled filled.gz level:9
cpio-out /deep none.deep.cpio
mksquashfs /deep none.squash
upload none.squash /squash
mkmountpoint /mp
mount-loop /squash /deep-a
find /deep-a
umount /deep-a
rm /squash
debug-upload filled.bin /tmp/uploaded 0600

# Extended attributes and access lists
write /x text
setxattr user.first value 5 /x
getxattr /x user.first
getxattrs /x
setxattr user.first "longer value" 12 /x
setxattr user.part abcdef 3 /x
getxattr /x user.part
setxattr nonsense abc 3 /x
setxattr user. abc 3 /x
setxattr trusted.t abc 3 /x
setxattr security.selinux system_u:object_r:etc_t:s0 26 /x
setxattr user.a abc 3 /absent
getxattrs /x
lsetxattr user.a abc 3 /link
lsetxattr trusted.l abc 3 /link
lgetxattrs /link
lxattrlist / "x link hello absent"
removexattr user.first /x
removexattr user.first /x
removexattr user.first /absent
lremovexattr trusted.l /link
lremovexattr trusted.l /link
lgetxattrs /link
getxattrs /x
acl-set-file /x access u::rw-,u:1000:r--,g::r--,m::r--,o::---
acl-get-file /x access
statns /x
acl-set-file /x access nonsense
acl-set-file /x nonsense u::rw-,g::r--,o::---
acl-set-file /x default u::rw-,g::r--,o::---
acl-set-file /absent access u::rw-,g::r--,o::---
acl-set-file /deep default u::rwx,g::r-x,o::---,u:7:rwx,m::rwx
acl-get-file /deep default
write /deep/inherits x
acl-get-file /deep/inherits access
acl-delete-def-file /deep
acl-get-file /deep default
acl-delete-def-file /deep
acl-delete-def-file /x
cap-set-file /x cap_net_raw=ep
cap-get-file /x
cap-set-file /x nonsense
cap-set-file /absent cap_net_raw=ep
cap-get-file /hello
copy-attributes /x /copy xattributes:true
getxattrs /copy
copy-attributes /x /dd all:true
getxattrs /dd
set-selinux true
#= differs: without SELinux, AppArmor's answer is taken for a context there
getcon
#= only success
setcon system_u:system_r:init_t:s0
selinux-relabel /etc/contexts /
#= differs: a call that later versions have
setfiles /etc/contexts /

# Overwriting and freeing
scrub-file /half
exists /half
scrub-file /absent
zero-free-space /deep
zero-free-space /absent
mkswap-file /allocated
fallocate64 /swapfile 1048576
mkswap-file /swapfile
swapon-file /swapfile
swapon-file /swapfile
rm /swapfile
swapoff-file /swapfile
swapoff-file /swapfile
swapon-file /hello
mkswap-file /absent
rm /swapfile
rsync /deep /rsynced
drop-caches 1
sync
find /deep
#= df
df
umount /
