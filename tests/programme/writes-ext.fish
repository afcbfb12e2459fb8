# ext2, ext3 and ext4, made, tuned, checked and resized.
#~ Directory Hash Seed|Filesystem created|Last mount time|Last write time|Last checked|Next check after|Checksum|Checksum seed: made up, or of the clock
#~ Lifetime writes: counts what the kernel wrote, when it did

add-drive a.raw format:raw
add-drive b.raw format:raw
run
part-init /dev/sda gpt
part-add /dev/sda p 2048 329727
part-add /dev/sda p 329728 493567
part-add /dev/sda p 493568 534527
part-add /dev/sda p 534528 698367
mke2fs /dev/sda2
vfs-type /dev/sda2
mke2fs /dev/sda2 fstype:ext4 label:first uuid:01234567-89ab-cdef-0123-456789abcdef
#= lines
tune2fs-l /dev/sda2
mke2fs /dev/sda2 blockscount:16384 blocksize:1024 fragsize:1024 blockspergroup:8192 bytesperinode:8192 inodesize:256 reservedblockspercentage:3 label:second lastmounteddir:/mnt creatoros:Hurd fstype:ext3 uuid:01234567-89ab-cdef-0123-456789abcdef
#= lines
tune2fs-l /dev/sda2
mke2fs /dev/sda2 blocksize:2048 numberofinodes:2048 journalsize:4 fstype:ext4 stridesize:4 stripewidth:16 maxonlineresize:100000 numberofgroups:32 usagetype:news uuid:01234567-89ab-cdef-0123-456789abcdef
#= differs: there -E is given once for each of stride, stripe width and resize, and mke2fs takes the last alone
tune2fs-l /dev/sda2
mke2fs /dev/sda2 fstype:ext4 hasjournal:false extent:false filetype:true flexbg:false largefile:true resizeinode:false sparsesuper:true uninitbg:false discard:false lazyitableinit:false uuid:01234567-89ab-cdef-0123-456789abcdef
#= lines
tune2fs-l /dev/sda2
mke2fs /dev/sda2 fstype:ext4 forcecreate:true quota:true testfs:true lazyjournalinit:true uuid:01234567-89ab-cdef-0123-456789abcdef
#= lines
tune2fs-l /dev/sda2
mke2fs /dev/sda2 fstype:ext4 mmpupdateinterval:7
mke2fs /dev/sda2 fstype:nonsense
mke2fs /dev/sda2 blocksize:1000
mke2fs /dev/sda2 uuid:nonsense
mke2fs /dev/sda2 inodesize:100
mke2fs /dev/sda2 label:longer-than-sixteen-bytes uuid:01234567-89ab-cdef-0123-456789abcdef
get-e2label /dev/sda2
mke2fs /dev/sda9
mke2fs /dev/sda2 blockscount:99999999

# Journals on devices of their own.
mke2journal 1024 /dev/sda3
vfs-type /dev/sda3
mke2fs-J ext4 1024 /dev/sda2 /dev/sda3
#= mask Directory Hash Seed|Filesystem created|Last mount time|Last write time|Last checked|Next check after|Checksum|Checksum seed|Lifetime writes|Filesystem UUID|Journal UUID: made up, or of the clock
#= lines
tune2fs-l /dev/sda2
mke2fs-J ext4 4096 /dev/sda2 /dev/sda3
mke2journal-L 4096 journal /dev/sda3
vfs-label /dev/sda3
mke2fs-JL ext3 4096 /dev/sda2 journal
mke2fs-JL ext3 4096 /dev/sda2 absent
mke2journal-U 2048 01234567-89ab-cdef-0123-000000000001 /dev/sda3
vfs-uuid /dev/sda3
mke2fs-JU ext3 2048 /dev/sda2 01234567-89ab-cdef-0123-000000000001
mke2fs-JU ext3 2048 /dev/sda2 01234567-89ab-cdef-0123-000000000009
mke2journal 1000 /dev/sda3

# Labels, UUIDs and what tune2fs changes.
mke2fs /dev/sda2 fstype:ext4 uuid:01234567-89ab-cdef-0123-456789abcdef
set-e2label /dev/sda2 label
get-e2label /dev/sda2
set-e2label /dev/sda2 longer-than-sixteen-bytes
vfs-label /dev/sda2
set-label /dev/sda2 other
vfs-label /dev/sda2
set-label /dev/sda2 longer-than-sixteen-bytes
set-label /dev/sda2 ""
vfs-label /dev/sda2
set-e2label /dev/sda9 label
set-e2uuid /dev/sda2 01234567-89ab-cdef-0123-000000000002
get-e2uuid /dev/sda2
set-e2uuid /dev/sda2 clear
get-e2uuid /dev/sda2
set-e2uuid /dev/sda2 random
#= shape: made up
get-e2uuid /dev/sda2
set-e2uuid /dev/sda2 nonsense
set-uuid /dev/sda2 01234567-89ab-cdef-0123-000000000003
vfs-uuid /dev/sda2
set-uuid /dev/sda2 nonsense
set-uuid /dev/sda2 random
set-uuid-random /dev/sda2
#= shape: made up
vfs-uuid /dev/sda2
set-uuid /dev/sda2 01234567-89ab-cdef-0123-456789abcdef
tune2fs /dev/sda2 maxmountcount:30 mountcount:4 errorbehavior:remount-ro group:7 intervalbetweenchecks:86400 reservedblockspercentage:2 lastmounteddirectory:/somewhere user:1000
#= lines
tune2fs-l /dev/sda2
tune2fs /dev/sda2 force:true intervalbetweenchecks:0 reservedblockscount:100 maxmountcount:0
tune2fs /dev/sda2 maxmountcount:-1
tune2fs /dev/sda2 mountcount:-1
tune2fs /dev/sda2 group:-1
tune2fs /dev/sda2 user:-1
tune2fs /dev/sda2 intervalbetweenchecks:-1
tune2fs /dev/sda2 reservedblockscount:-1
#= lines
tune2fs-l /dev/sda2
tune2fs /dev/sda2 errorbehavior:nonsense
tune2fs /dev/sda2 reservedblockspercentage:101
tune2fs /dev/sda2
tune2fs /dev/sda9 mountcount:1

# Checks.
e2fsck /dev/sda2 correct:true
e2fsck /dev/sda2 forceall:true
e2fsck /dev/sda2 correct:true forceall:true
e2fsck /dev/sda9
e2fsck /dev/sda3
e2fsck-f /dev/sda2
e2fsck-f /dev/sda9
fsck ext4 /dev/sda2
fsck ext4 /dev/sda9
# A superblock lost: the copies are found.
zero /dev/sda2
vfs-type /dev/sda2
e2fsck /dev/sda2 correct:true
e2fsck /dev/sda2 forceall:true
vfs-type /dev/sda2
e2fsck-f /dev/sda2

# Sizes.
mke2fs /dev/sda2 fstype:ext4 blocksize:1024 uuid:01234567-89ab-cdef-0123-456789abcdef
resize2fs-size /dev/sda2 33554432
#= lines
tune2fs-l /dev/sda2
resize2fs-size /dev/sda2 33555000
resize2fs-size /dev/sda2 999999999999
resize2fs-size /dev/sda2 -1
resize2fs-size /dev/sda2 1024
resize2fs-M /dev/sda2
vfs-minimum-size /dev/sda2
resize2fs /dev/sda2
#= lines
tune2fs-l /dev/sda2
resize2fs /dev/sda9
resize2fs-M /dev/sda9
mount /dev/sda2 /
resize2fs-M /dev/sda2
e2fsck-f /dev/sda2
set-e2label /dev/sda2 mounted
set-uuid /dev/sda2 01234567-89ab-cdef-0123-000000000003
vfs-label /dev/sda2

# What files have on ext alone.
touch /file
get-e2attrs /file
set-e2attrs /file ad
get-e2attrs /file
set-e2attrs /file d clear:true
get-e2attrs /file
write /file "not for appending"
write-append /file "appended"
cat /file
rm /file
set-e2attrs /file a clear:true
set-e2attrs /file i
write /file "immutable"
mv /file /other
chmod 0600 /file
set-e2attrs /file i clear:true
get-e2attrs /file
set-e2attrs /file ""
set-e2attrs /file 9
set-e2attrs /file +x
set-e2attrs /file Z
set-e2attrs /absent a
set-e2attrs /lost+found A
get-e2attrs /lost+found
set-e2generation /file 4242
#= only success
get-e2generation /file
set-e2generation /file 4294967295
#= only success
get-e2generation /file
set-e2generation /absent 1
rmdir /lost+found
mklost-and-found /
# It shows the times.
#= only success
ll /
mklost-and-found /
mklost-and-found /absent
fstrim /
fstrim /file
fstrim /lost+found offset:1048576 length:1048576 minimumfreeextent:4096
fstrim / length:0
zerofree /dev/sda2
umount /
zerofree /dev/sda2
zerofree /dev/sda9
e2fsck-f /dev/sda2

# mkfs, by every type of ext and with each of its options.
mkfs ext2 /dev/sda4
vfs-type /dev/sda4
mkfs ext3 /dev/sda4 blocksize:1024 label:three
vfs-type /dev/sda4
vfs-label /dev/sda4
mkfs ext4 /dev/sda4 blocksize:4096 features:^64bit,^metadata_csum inode:128 label:four
#= mask Directory Hash Seed|Filesystem created|Last mount time|Last write time|Last checked|Next check after|Checksum|Checksum seed|Lifetime writes|Filesystem UUID: made up, or of the clock
#= lines
tune2fs-l /dev/sda4
mkfs ext4 /dev/sda4 sectorsize:512
mkfs ext4 /dev/sda4 blocksize:3000
mkfs ext4 /dev/sda4 blocksize:-1
mkfs ext4 /dev/sda4 inode:0
mkfs ext4 /dev/sda4 inode:77
mkfs ext4 /dev/sda4 features:nonsense
mkfs-b ext4 1024 /dev/sda4
mkfs-b ext4 0 /dev/sda4
#= only success
mkfs nonsense /dev/sda4
mkfs ext4 /dev/sda9
mkfs ext4 /dev/sdq
mkfs ext4 /file
mkfs ext4 /dev/sda4 label:longer-than-sixteen-bytes
vfs-label /dev/sda4
