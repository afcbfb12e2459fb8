# xfs, btrfs, FAT, NTFS and swap.
#~ xfs_mntpoint: xfs_info(8) says where the device is mounted, or its name
#~ uuid|btrfssubvolume_uuid|btrfssubvolume_parent_uuid|UUID|Parent UUID: made up
#~ Creation time|Send time: the clock
#~ xfs_rtextsize: not read there, but always -1

part-init /dev/sdb gpt
part-add /dev/sdb p 2048 718847
part-add /dev/sdb p 718848 980991
part-add /dev/sdb p 980992 1243135
part-add /dev/sdb p 1243136 1366015
part-add /dev/sdb p 1366016 1447935
part-add /dev/sdb p 1447936 1488895

# xfs
mkfs xfs /dev/sdb1 label:first
vfs-type /dev/sdb1
vfs-label /dev/sdb1
xfs-info /dev/sdb1
mkfs xfs /dev/sdb1 blocksize:1024
xfs-info /dev/sdb1
mkfs xfs /dev/sdb1 blocksize:3000
mkfs xfs /dev/sdb1 inode:512
mkfs xfs /dev/sdb1 features:nonsense
mkfs xfs /dev/sdb1 label:longer-than-twelve
mkfs xfs /dev/sdb6
mkfs xfs /dev/sdb1
xfs-admin /dev/sdb1 label:second
vfs-label /dev/sdb1
xfs-admin /dev/sdb1 uuid:01234567-89ab-cdef-0123-456789abcdef
vfs-uuid /dev/sdb1
xfs-admin /dev/sdb1 uuid:nonsense
xfs-admin /dev/sdb1 label:longer-than-twelve
xfs-admin /dev/sdb1 lazycounter:true
xfs-admin /dev/sdb1 lazycounter:false
xfs-admin /dev/sdb1 projid32bit:true
xfs-admin /dev/sdb1 extunwritten:true
xfs-admin /dev/sdb1
xfs-admin /dev/sdb9 label:x
set-label /dev/sdb1 third
vfs-label /dev/sdb1
#= differs: there xfs_admin takes no label for none given
set-label /dev/sdb1 ""
set-label /dev/sdb1 longer-than-twelve
set-uuid /dev/sdb1 01234567-89ab-cdef-0123-000000000001
vfs-uuid /dev/sdb1
set-uuid-random /dev/sdb1
#= shape: made up
vfs-uuid /dev/sdb1
set-uuid /dev/sdb1 nil
set-uuid /dev/sdb1 01234567-89ab-cdef-0123-456789abcdef
xfs-repair /dev/sdb1
xfs-repair /dev/sdb1 nomodify:true
xfs-repair /dev/sdb1 forcelogzero:true noprefetch:true
xfs-repair /dev/sdb9
#= differs: there it must be mounted
vfs-minimum-size /dev/sdb1
mount /dev/sdb1 /
xfs-info /
write /file "on xfs\n"
mkdir /dir
set-e2attrs /file d
get-e2attrs /file
xfs-growfs /
xfs-growfs / datasec:true
xfs-growfs / datasize:1000
xfs-growfs / maxpct:30
xfs-growfs /absent
xfs-repair /dev/sdb1
set-label /dev/sdb1 mounted
#= mask bfree|bavail: what XFS sets aside for a file that grows
statvfs /
fstrim /
umount /
fsck xfs /dev/sdb1
xfs-info /dev/sdb9

# btrfs
mkfs btrfs /dev/sdb2 label:one
vfs-type /dev/sdb2
vfs-label /dev/sdb2
mkfs btrfs /dev/sdb2 blocksize:4096
mkfs-btrfs "/dev/sdb2 /dev/sdb3" allocstart:0 datatype:raid0 metadata:raid1 label:two nodesize:16384 sectorsize:4096
mkfs-btrfs /dev/sdb2 leafsize:16384
mkfs-btrfs /dev/sdb2 allocstart:-1
mkfs-btrfs /dev/sdb9
mkfs-btrfs /dev/sdb2 datatype:nonsense
mkfs-btrfs /dev/sdb2 sectorsize:-1
mkfs-btrfs /dev/sdb2 nodesize:1000
mkfs-btrfs /dev/sdb2 label:single bytecount:130023424
btrfs-filesystem-show /dev/sdb2
mkfs-btrfs /dev/sdb2 label:single
mount /dev/sdb2 /
btrfs-subvolume-create /sub
btrfs-subvolume-create /sub/nested
btrfs-subvolume-create /sub
btrfs-subvolume-create /absent/sub
write /sub/file "in a subvolume"
btrfs-subvolume-snapshot /sub /snap
btrfs-subvolume-snapshot /sub /read-only ro:true
btrfs-subvolume-snapshot /absent /x
write /read-only/file "not allowed"
cat /snap/file
btrfs-subvolume-list /
btrfs-subvolume-get-default /
btrfs-subvolume-set-default 256 /
btrfs-subvolume-get-default /
btrfs-subvolume-set-default 9999 /
#= lines
btrfs-subvolume-show /sub
btrfs-subvolume-show /sub/file
btrfs-subvolume-delete /snap
btrfs-subvolume-delete /snap
btrfs-subvolume-delete /sub
ls /
umount /
mount btrfsvol:/dev/sdb2/read-only /
cat /file
mountpoints
umount /
mount /dev/sdb2 /
ls /
umount /
mount-options subvolid=5 /dev/sdb2 /
btrfs-subvolume-set-default 5 /
btrfs-quota-enable / true
btrfs-quota-rescan /
btrfs-qgroup-create 1/100 /
btrfs-qgroup-create nonsense /
btrfs-qgroup-limit / 1000000000
btrfs-qgroup-assign 0/256 1/100 /
btrfs-qgroup-show /
btrfs-qgroup-remove 0/256 1/100 /
btrfs-qgroup-destroy 1/100 /
btrfs-qgroup-destroy 1/100 /
btrfs-quota-enable / false
btrfs-qgroup-show /
btrfs-filesystem-sync /
btrfs-filesystem-resize / size:125829120
blockdev-getsize64 /dev/sdb2
btrfs-filesystem-resize /
btrfs-filesystem-resize / size:1
btrfs-filesystem-defragment /sub/file
btrfs-filesystem-defragment / flush:true compress:zlib
btrfs-filesystem-defragment / compress:nonsense
btrfs-device-add /dev/sdb3 /
btrfs-filesystem-show /dev/sdb2
btrfs-device-add /dev/sdb3 /
btrfs-device-delete /dev/sdb3 /
btrfs-filesystem-show /dev/sdb2
btrfs-device-delete /dev/sdb3 /
btrfs-filesystem-balance /
btrfs-balance-status /
btrfs-balance-cancel /
btrfs-balance-pause /
btrfs-balance-resume /
btrfs-scrub-start /
btrfs-scrub-cancel /
btrfs-scrub-resume /
btrfs-replace /dev/sdb2 /dev/sdb3 /
btrfs-filesystem-show /dev/sdb3
btrfs-replace /dev/sdb3 /dev/sdb2 /
set-label /dev/sdb2 renamed
vfs-label /dev/sdb2
vfs-minimum-size /dev/sdb2
btrfs-image /dev/sdb2 /image
umount /
btrfs-fsck /dev/sdb2
btrfs-fsck /dev/sdb2 repair:true
btrfs-fsck /dev/sdb9
fsck btrfs /dev/sdb2
btrfs-rescue-super-recover /dev/sdb2
btrfs-rescue-chunk-recover /dev/sdb9
btrfstune-enable-extended-inode-refs /dev/sdb2
btrfstune-enable-skinny-metadata-extent-refs /dev/sdb2
btrfs-set-seeding /dev/sdb2 true
btrfstune-seeding /dev/sdb2 false
btrfstune-seeding /dev/sdb9 false
set-uuid /dev/sdb2 01234567-89ab-cdef-0123-000000000002
vfs-uuid /dev/sdb2
set-uuid-random /dev/sdb2
#= shape: made up
vfs-uuid /dev/sdb2
set-label /dev/sdb2 again
vfs-label /dev/sdb2

# FAT
mkfs vfat /dev/sdb4 label:FATLABEL
vfs-type /dev/sdb4
vfs-label /dev/sdb4
mkfs fat /dev/sdb4 blocksize:4096
mkfs msdos /dev/sdb4
mkfs vfat /dev/sdb4 blocksize:131072
mkfs vfat /dev/sdb4 label:longer-than-eleven
mkfs vfat /dev/sdb4 inode:256
mkfs vfat /dev/sdb4
set-label /dev/sdb4 NEWLABEL
vfs-label /dev/sdb4
set-label /dev/sdb4 lower
vfs-label /dev/sdb4
set-label /dev/sdb4 longer-than-eleven
set-uuid /dev/sdb4 CAFE-0001
set-uuid-random /dev/sdb4
fsck vfat /dev/sdb4
mount /dev/sdb4 /
write /UPPER.TXT "upper"
write "/a long name.txt" "long"
mkdir /Dir
write /dir/File "in a directory whose name has another case"
cat /upper.txt
write "/not:allowed" "x"
ln-s /UPPER.TXT /link
ln /UPPER.TXT /link
mkfifo 0644 /fifo
chmod 0444 /UPPER.TXT
chown 1000 1000 /UPPER.TXT
setxattr user.a value 5 /UPPER.TXT
rename /UPPER.TXT /renamed.txt
rm-rf /Dir
ls /
fallocate64 /large 1000000
fallocate64 /too-large 100000000
truncate-size /large 10
utimens /renamed.txt 1000000000 0 1000000000 0
filesize /large
umount /
fsck vfat /dev/sdb4

# NTFS
mkfs ntfs /dev/sdb5 label:NtfsLabel
vfs-type /dev/sdb5
vfs-label /dev/sdb5
mkfs ntfs /dev/sdb5 blocksize:1024
mkfs ntfs /dev/sdb5 blocksize:100
mkfs ntfs /dev/sdb5
set-label /dev/sdb5 Renamed
vfs-label /dev/sdb5
set-uuid /dev/sdb5 0123456789ABCDEF
set-uuid-random /dev/sdb5
ntfs-3g-probe true /dev/sdb5
ntfs-3g-probe false /dev/sdb5
ntfs-3g-probe true /dev/sdb4
ntfs-3g-probe true /dev/sdb9
ntfsfix /dev/sdb5
ntfsfix /dev/sdb5 clearbadsectors:true
ntfsfix /dev/sdb4
mount /dev/sdb5 /
write /file "on NTFS"
mkdir-p /a/b/c
write "/a/b/c/long name with ünïcödé" "text"
ln-s /file /link
readlink /link
ln /file /hard
chmod 0600 /file
rm /hard
find /
umount /
ntfsresize /dev/sdb5 size:31457280
ntfsresize /dev/sdb5 size:31457280
ntfsfix /dev/sdb5
ntfsresize-size /dev/sdb5 36700160
ntfsresize /dev/sdb5 force:true
ntfsresize /dev/sdb5 size:1
ntfsresize /dev/sdb5 size:-1
ntfsresize /dev/sdb9
vfs-minimum-size /dev/sdb5
ntfsclone-out /dev/sdb5 none.clone
ntfsclone-out /dev/sdb5 none.metadata metadataonly:true ignorefscheck:true
ntfsclone-in none.clone /dev/sdb5
ntfsclone-in none.absent /dev/sdb5
ntfsclone-out /dev/sdb4 none.fat
mount /dev/sdb5 /
cat "/a/b/c/long name with ünïcödé"
umount /
fsck ntfs /dev/sdb5

# Swap
mkswap /dev/sdb6
vfs-type /dev/sdb6
mkswap /dev/sdb6 label:swap uuid:01234567-89ab-cdef-0123-456789abcdef
vfs-label /dev/sdb6
vfs-uuid /dev/sdb6
mkswap-L other /dev/sdb6
vfs-label /dev/sdb6
mkswap-U 01234567-89ab-cdef-0123-000000000004 /dev/sdb6
vfs-uuid /dev/sdb6
mkswap /dev/sdb6 uuid:nonsense
mkswap /dev/sdb6 label:longer-than-sixteen-bytes
mkswap /dev/sdb9
mkswap /dev/sdb6 label:swap uuid:01234567-89ab-cdef-0123-456789abcdef
set-label /dev/sdb6 relabelled
vfs-label /dev/sdb6
set-label /dev/sdb6 longer-than-sixteen-bytes
set-uuid /dev/sdb6 01234567-89ab-cdef-0123-000000000005
vfs-uuid /dev/sdb6
set-uuid /dev/sdb6 nonsense
set-uuid-random /dev/sdb6
#= shape: made up
vfs-uuid /dev/sdb6
swapon-device /dev/sdb6
swapon-device /dev/sdb6
mkswap /dev/sdb6
swapoff-device /dev/sdb6
swapoff-device /dev/sdb6
swapon-label relabelled
swapoff-label relabelled
swapon-label absent
set-uuid /dev/sdb6 01234567-89ab-cdef-0123-000000000005
swapon-uuid 01234567-89ab-cdef-0123-000000000005
swapoff-uuid 01234567-89ab-cdef-0123-000000000005
swapoff-uuid 01234567-89ab-cdef-0123-000000000005
swapon-device /dev/sdb9
swapon-device /dev/sdb4

# Filesystems that make nothing, or that nobody makes.
mkfs minix /dev/sdb6
vfs-type /dev/sdb6
#= only success
mkfs cramfs /dev/sdb6
#= only success
mkfs ../ext2 /dev/sdb6
fsck nonsense /dev/sdb6
set-label /dev/sdb6 label
set-uuid /dev/sdb6 01234567-89ab-cdef-0123-000000000005
set-uuid-random /dev/sdb6
set-label /dev/sdb9 label
