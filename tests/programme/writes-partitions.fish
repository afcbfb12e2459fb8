# Partition tables of both kinds, made and changed, and what is written to devices.

add-drive a.raw format:raw
add-drive b.raw format:raw
add-drive c.raw format:raw
run

# An MBR, with logical partitions.
part-init /dev/sda mbr
part-get-parttype /dev/sda
part-list /dev/sda
list-partitions
part-add /dev/sda p 2048 43007
part-add /dev/sda primary 43008 83967
part-add /dev/sda e 83968 -1
part-add /dev/sda l 86016 126975
part-add /dev/sda logical 129024 169983
part-add /dev/sda l 172032 -1
part-list /dev/sda
list-partitions
blockdev-getsize64 /dev/sda3
blockdev-getsize64 /dev/sda7
part-get-mbr-part-type /dev/sda 1
part-get-mbr-part-type /dev/sda 3
part-get-mbr-part-type /dev/sda 6
part-set-mbr-id /dev/sda 1 0x82
part-get-mbr-id /dev/sda 1
part-set-mbr-id /dev/sda 5 7
part-get-mbr-id /dev/sda 5
part-set-mbr-id /dev/sda 9 0x83
part-set-mbr-id /dev/sda 0 0x83
part-set-mbr-id /dev/sda 1 256
part-set-mbr-id /dev/sda 1 -1
part-get-mbr-id /dev/sda 1
part-set-bootable /dev/sda 1 true
part-set-bootable /dev/sda 2 true
part-get-bootable /dev/sda 1
part-get-bootable /dev/sda 2
part-set-bootable /dev/sda 2 false
part-get-bootable /dev/sda 2
part-set-bootable /dev/sda 9 true
part-set-bootable /dev/sda 0 true
part-set-name /dev/sda 1 name
part-set-gpt-type /dev/sda 1 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
part-get-parttype /dev/sda
# Wrong ones: taken room, beyond the end, words and numbers that mean nothing.
part-add /dev/sda p 4096 8191
part-add /dev/sda p 999999 1999999
part-add /dev/sda x 2048 4095
part-add /dev/sda p -5 4095
part-add /dev/sdq p 2048 4095
part-del /dev/sda 9
part-del /dev/sda 0
part-del /dev/sda -1
part-resize /dev/sda 9 83967
part-resize /dev/sda 0 83967
part-resize /dev/sda 1 50000
part-list /dev/sda
# Logical partitions are numbered anew when one before them goes.
part-del /dev/sda 5
part-list /dev/sda
list-partitions
part-resize /dev/sda 1 22527
part-resize /dev/sda 2 63487
part-resize /dev/sda 6 -2048
part-list /dev/sda
part-del /dev/sda 3
part-list /dev/sda
list-partitions
part-add /dev/sda p 83968 104447
part-add /dev/sda p 104448 124927
part-add /dev/sda p 124928 145407
part-list /dev/sda

# sfdisk's own language.
sfdisk /dev/sda 0 0 0 "2048,20480,83 22528,20480,c,* 43008,,5"
part-list /dev/sda
part-get-mbr-id /dev/sda 2
part-get-bootable /dev/sda 2
sfdisk-N /dev/sda 2 0 0 0 ",10240,7"
part-get-mbr-id /dev/sda 2
part-list /dev/sda
sfdisk /dev/sda 0 0 0 "nonsense"
sfdiskM /dev/sda ",10 ,20,82"
part-list /dev/sda

# A GPT.
part-init /dev/sda gpt
part-get-parttype /dev/sda
part-list /dev/sda
part-set-disk-guid /dev/sda 01234567-89ab-cdef-0123-456789abcdef
part-get-disk-guid /dev/sda
part-set-disk-guid /dev/sda nonsense
part-set-disk-guid-random /dev/sda
#= shape: made up
part-get-disk-guid /dev/sda
part-add /dev/sda p 64 2047
part-add /dev/sda p 2048 43007
part-add /dev/sda e 43008 63487
part-add /dev/sda l 63488 83967
part-add /dev/sda p 83968 -34
part-list /dev/sda
list-partitions
part-get-name /dev/sda 1
part-set-name /dev/sda 2 root-fs
part-get-name /dev/sda 2
# Names are words of parted's own language there.
part-set-name /dev/sda 3 "with \"quotes\""
#= differs: the first word is taken alone there
part-get-name /dev/sda 3
part-set-name /dev/sda 3 ""
#= differs: an empty name is left out there, and parted asks for one
part-get-name /dev/sda 3
part-set-name /dev/sda 4 name-of-thirty-six-letters-no-more-ab
part-get-name /dev/sda 4
part-set-name /dev/sda 4 it's
#= differs: the apostrophe is lost there
part-get-name /dev/sda 4
part-set-name /dev/sda 9 name
part-set-gpt-type /dev/sda 2 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
part-get-gpt-type /dev/sda 2
part-set-gpt-type /dev/sda 3 {E6D6D379-F507-44C2-A23C-238F2A3DF928}
part-get-gpt-type /dev/sda 3
part-set-gpt-type /dev/sda 2 nonsense
part-set-gpt-type /dev/sda 9 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
part-set-gpt-type /dev/sda 0 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
part-set-gpt-guid /dev/sda 2 01234567-89AB-CDEF-0123-456789ABCD01
part-get-gpt-guid /dev/sda 2
part-set-gpt-guid /dev/sda 9 01234567-89AB-CDEF-0123-456789ABCD01
part-set-gpt-guid /dev/sda 2 0123
part-set-gpt-attributes /dev/sda 2 4
part-get-gpt-attributes /dev/sda 2
part-set-gpt-attributes /dev/sda 2 0
part-get-gpt-attributes /dev/sda 2
part-set-gpt-attributes /dev/sda 9 4
part-set-gpt-attributes /dev/sda 2 -1
part-set-bootable /dev/sda 2 true
part-get-bootable /dev/sda 2
part-get-gpt-type /dev/sda 2
part-set-bootable /dev/sda 2 false
part-get-gpt-type /dev/sda 2
part-set-mbr-id /dev/sda 4 0x82
part-get-gpt-type /dev/sda 4
part-del /dev/sda 1
part-del /dev/sda 5
part-resize /dev/sda 4 126975
part-list /dev/sda
part-add /dev/sda p 200000 -1
part-add /dev/sda p 200000 -34
part-list /dev/sda
part-expand-gpt /dev/sda
part-list /dev/sda
part-to-dev /dev/sda2
part-to-partnum /dev/sda2

# Whole disks, and the other labels that parted knows.
part-disk /dev/sda gpt
part-list /dev/sda
part-get-name /dev/sda 1
part-disk /dev/sda mbr
part-list /dev/sda
part-get-mbr-id /dev/sda 1
part-disk /dev/sda nonsense
part-disk /dev/sdq mbr
part-expand-gpt /dev/sda
part-get-parttype /dev/sda
part-init /dev/sda msdos
part-get-parttype /dev/sda
part-init /dev/sda efi
part-get-parttype /dev/sda
part-init /dev/sda amiga
#= differs: Amiga's tables are made, but not read
part-get-parttype /dev/sda
part-init /dev/sda aix
part-init /dev/sda bsd
part-get-parttype /dev/sda
part-init /dev/sda dvh
part-get-parttype /dev/sda
part-init /dev/sda mac
part-get-parttype /dev/sda
part-init /dev/sda pc98
#= differs: read as an MBR, whose signature it has
part-get-parttype /dev/sda
part-init /dev/sda sun
part-get-parttype /dev/sda
part-init /dev/sda nonsense

# Devices themselves.
part-init /dev/sda gpt
part-add /dev/sda p 2048 18431
part-add /dev/sda p 18432 34815
part-add /dev/sda p 34816 51199
pwrite-device /dev/sda1 "written at the beginning" 0
pwrite-device /dev/sda1 "and in the middle" 1000000
pwrite-device /dev/sda1 "beyond" 9000000
pwrite-device /dev/sda1 "over the end" 8388603
pwrite-device /dev/sda1 "before" -1
pread-device /dev/sda1 24 0
pread-device /dev/sda1 17 1000000
checksum-device sha256 /dev/sda1
copy-device-to-device /dev/sda1 /dev/sda2
checksum-device sha256 /dev/sda2
copy-device-to-device /dev/sda1 /dev/sda3 srcoffset:1000000 destoffset:512 size:17
pread-device /dev/sda3 17 512
#= only success
copy-device-to-device /dev/sda1 /dev/sda3 srcoffset:9000000 size:17
copy-device-to-device /dev/sda1 /dev/sda3 destoffset:8388600
copy-device-to-device /dev/sda1 /dev/sda3 sparse:true
copy-device-to-device /dev/sda1 /dev/sda3 append:true
copy-device-to-device /dev/sda1 /dev/sda3 srcoffset:-1
checksum-device md5 /dev/sda3
copy-size /dev/sda1 /dev/sda2 4096
dd /dev/sda2 /dev/sda3
checksum-device md5 /dev/sda3
zero /dev/sda1
pread-device /dev/sda1 17 1000000
is-zero-device /dev/sda1
zero-device /dev/sda1
is-zero-device /dev/sda1
is-zero-device /dev/sda2
blkdiscard /dev/sda2
blkdiscardzeroes /dev/sda2
blkdiscardzeroes /dev/sda
blockdev-setro /dev/sda2
blockdev-getro /dev/sda2
pwrite-device /dev/sda2 "not allowed" 0
blockdev-setrw /dev/sda2
blockdev-getro /dev/sda2
pwrite-device /dev/sda2 "allowed" 0
blockdev-getss /dev/sda2
blockdev-getsz /dev/sda2
blockdev-setbsz /dev/sda2 1024
blockdev-getbsz /dev/sda2
blockdev-setra /dev/sda2 1024
blockdev-flushbufs /dev/sda2
blockdev-rereadpt /dev/sda
blockdev-rereadpt /dev/sda1
blockdev-setro /dev/sdq
download-offset /dev/sda2 piece.bin 0 7
upload piece.bin /dev/sda3
pread-device /dev/sda3 7 0
upload-offset piece.bin /dev/sda3 100
pread-device /dev/sda3 7 100
upload-offset piece.bin /dev/sda3 8388604
upload absent.bin /dev/sda3
scrub-device /dev/sda3
mkfs ext2 /dev/sda3
wipefs /dev/sda3
vfs-type /dev/sda3
wipefs /dev/sdq
zero /dev/sdq
zero-device /dev/sdq
drop-caches 3
drop-caches 4
sync
