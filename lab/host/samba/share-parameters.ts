/** Parameters of a share (Samba 4.17): name, type with its words ("!": deprecated), default. */
export const shareParameters = `
access based share enum|bool|No
acl allow execute always|bool|No
acl check permissions|bool!|Yes
acl flag inherited canonicalization|bool|Yes
acl group control|bool|No
acl map full control|bool|Yes
administrative share|bool|No
admin users|cmdlist|
afs share|bool|No
aio read size|bytes|1
aio write behind|string|
aio write size|bytes|1
allocation roundup size|bytes!|0
available|bool|Yes
blocking locks|bool!|Yes
block size|bytes|1024
browseable|bool|Yes
case sensitive|enum(No|False|0|Yes|True|1|Auto)|Auto
check parent directory delete on close|bool|No
comment|string|
copy|string|
create mask|octal|0744
csc policy|enum(manual|documents|programs|disable)|manual
cups options|string|
default case|enum(lower|upper)|lower
default devmode|bool|Yes
delete readonly|bool|No
delete veto files|bool|No
dfree cache time|integer|0
dfree command|string|
directory mask|octal|0755
directory name cache size|integer|100
dmapi support|bool|No
dont descend|string|
dos filemode|bool|No
dos filetime resolution|bool|No
dos filetimes|bool|Yes
durable handles|bool|Yes
ea support|bool|Yes
fake directory create times|bool|No
fake oplocks|bool|No
follow symlinks|bool|Yes
smbd force process locks|bool|No
force create mode|octal|0000
force directory mode|octal|0000
force group|string|
force printername|bool|No
force unknown acl user|bool|No
force user|string|
fstype|string|NTFS
guest ok|bool|No
guest only|bool|No
hide dot files|bool|Yes
hide files|string|
hide new files timeout|integer|0
hide special files|bool|No
hide unreadable|bool|No
hide unwriteable files|bool|No
honor change notify privilege|bool|No
hosts allow|cmdlist|
hosts deny|cmdlist|
include|string|
inherit acls|bool|No
inherit owner|enum(no|windows and unix|yes|unix only)|no
inherit permissions|bool|No
invalid users|cmdlist|
kernel oplocks|bool|No
kernel share modes|bool|No
level2 oplocks|bool|Yes
locking|bool|Yes
lppause command|string|
lpq command|string|%p
lpresume command|string|
lprm command|string|
magic output|string|
magic script|string|
mangled names|enum(no|false|0|illegal|yes|true|1)|illegal
mangling char|char|~
map acl inherit|bool|No
map archive|bool|Yes
map hidden|bool|No
map readonly|enum(no|false|0|yes|true|1|permissions|perms)|no
map system|bool|No
max connections|integer|0
max print jobs|integer|1000
max reported print jobs|integer|0
min print space|integer|0
msdfs proxy|string|
msdfs root|bool|No
msdfs shuffle referrals|bool|No
nt acl support|bool|Yes
ntvfs handler|list|unixuid, default
oplocks|bool|Yes
path|string|
posix locking|bool|Yes
postexec|string|
preexec|string|
preexec close|bool|No
preserve case|bool|Yes
printable|bool|No
print command|string|
printer name|string|
printing|enum(sysv|aix|hpux|bsd|qnx|plp|lprng|cups|iprint|nt|os2)|cups
printjob username|string|%U
print notify backchannel|bool|No
queuepause command|string|
queueresume command|string|
read list|cmdlist|
read only|bool|Yes
root postexec|string|
root preexec|string|
root preexec close|bool|No
server smb encrypt|enum(default|No|False|0|Off|disabled|if_required|Yes|True|1|On|enabled|auto|desired|required|mandatory|force|forced|enforced)|default
short preserve case|bool|Yes
smbd async dosmode|bool|No
smbd getinfo ask sharemode|bool|Yes
smbd max async dosmode|integer|0
smbd max xattr size|integer|65536
smbd search ask sharemode|bool|Yes
spotlight|bool|No
spotlight backend|enum(noindex|tracker|elasticsearch)|noindex
store dos attributes|bool|Yes
strict allocate|bool|No
strict locking|enum(No|False|0|Yes|True|1|Auto)|Auto
strict rename|bool|No
strict sync|bool|Yes
sync always|bool|No
use client driver|bool|No
use sendfile|bool|No
-valid|bool|
valid users|cmdlist|
veto files|string|
veto oplock files|string|
vfs objects|cmdlist|
volume|string|
volume serial number|integer|-1
wide links|bool|No
write list|cmdlist|
`;
