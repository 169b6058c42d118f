/** Parameters of the whole server (Samba 4.17): name, type with its words ("!": deprecated). */
export const globalParameters = `
abort shutdown script|string
add group script|string
additional dns hostnames|cmdlist
add machine script|string
addport command|string
addprinter command|string
add share command|string
add user script|string
add user to group script|string
afs token lifetime|integer
afs username map|string
aio max threads|integer
algorithmic rid base|integer
allow dcerpc auth level connect|bool
allow dns updates|enum(disabled|No|False|0|Off|nonsecure and secure|nonsecure|secure only|secure|signed)
allow insecure wide links|bool
allow nt4 crypto|bool!
allow trusted domains|bool
allow unsafe cluster upgrade|bool
apply group policies|bool
async dns timeout|integer
async smb echo handler|bool
auth event notification|bool
auto services|string
binddns dir|string
bind interfaces only|bool
browse list|bool
cache directory|string
change notify|bool
change share command|string
check password script|string
cldap port|integer
client ipc max protocol|enum(default|SMB2|SMB3|SMB3_11|SMB3_02|SMB3_00|SMB2_10|SMB2_02|NT1|LANMAN2|LANMAN1|CORE|COREPLUS|CORE+)
client ipc min protocol|enum(default|SMB2|SMB3|SMB3_11|SMB3_02|SMB3_00|SMB2_10|SMB2_02|NT1|LANMAN2|LANMAN1|CORE|COREPLUS|CORE+)
client ipc signing|enum(default|No|False|0|Off|disabled|if_required|Yes|True|1|On|enabled|auto|desired|required|mandatory|force|forced|enforced)
client lanman auth|bool!
client ldap sasl wrapping|enum(plain|sign|seal)
client max protocol|enum(default|SMB2|SMB3|SMB3_11|SMB3_02|SMB3_00|SMB2_10|SMB2_02|NT1|LANMAN2|LANMAN1|CORE|COREPLUS|CORE+)
client min protocol|enum(default|SMB2|SMB3|SMB3_11|SMB3_02|SMB3_00|SMB2_10|SMB2_02|NT1|LANMAN2|LANMAN1|CORE|COREPLUS|CORE+)
client NTLMv2 auth|bool!
client plaintext auth|bool!
client protection|enum(default|plain|sign|encrypt)
client schannel|enum(No|False|0|Yes|True|1|Auto)!
client signing|enum(default|No|False|0|Off|disabled|if_required|Yes|True|1|On|enabled|auto|desired|required|mandatory|force|forced|enforced)
client smb encrypt|enum(default|No|False|0|Off|disabled|if_required|Yes|True|1|On|enabled|auto|desired|required|mandatory|force|forced|enforced)
client smb3 encryption algorithms|list
client smb3 signing algorithms|list
client use kerberos|enum(desired|auto|yes|required|no|disabled|off)
client use spnego principal|bool!
client use spnego|bool!
cluster addresses|cmdlist
clustering|bool
config backend|enum(file|registry)
config file|string
create krb5 conf|bool
ctdbd socket|string
ctdb locktime warn threshold|integer
ctdb timeout|integer
cups connection timeout|integer
cups encrypt|enum(No|False|0|Yes|True|1|Auto)
cups server|string
dcerpc endpoint servers|list
deadtime|integer
debug class|bool
debug encryption|bool
debug hires timestamp|bool
debug pid|bool
debug prefix timestamp|bool
debug syslog format|bool
winbind debug traceid|bool
debug uid|bool
dedicated keytab file|string
default service|string
defer sharing violations|bool
delete group script|string
deleteprinter command|string
delete share command|string
delete user from group script|string
delete user script|string
dgram port|integer
disable netbios|bool
disable spoolss|bool
dns forwarder|cmdlist
dns port|integer
dns proxy|bool
dns update command|cmdlist
dns zone scavenging|bool
dns zone transfer clients allow|cmdlist
dns zone transfer clients deny|cmdlist
domain logons|bool!
domain master|enum(No|False|0|Yes|True|1|Auto)
dos charset|string
dsdb event notification|bool
dsdb group change notification|bool
dsdb password event notification|bool
enable asu support|bool
enable core files|bool
enable privileges|bool!
encrypt passwords|bool!
enhanced browsing|bool
enumports command|string
eventlog list|cmdlist
get quota command|string
getwd cache|bool
gpo update command|list
guest account|string
host msdfs|bool
hostname lookups|bool
idmap backend|string!
idmap cache time|integer
idmap gid|string!
idmap negative cache time|integer
idmap uid|string!
include system krb5 conf|bool
init logon delay|integer
init logon delayed hosts|cmdlist
interfaces|cmdlist
iprint server|string
kdc default domain supported enctypes|integer
kdc enable fast|bool
kdc force enable rc4 weak session keys|bool
kdc supported enctypes|integer
keepalive|integer
kerberos encryption types|enum(all|strong|legacy)
kerberos method|enum(default|secrets only|secretsonly|system keytab|systemkeytab|dedicated keytab|dedicatedkeytab|secrets and keytab|secretsandkeytab)
kernel change notify|bool
kpasswd port|integer
krb5 port|integer
lanman auth|bool!
large readwrite|bool
ldap admin dn|string
ldap connection timeout|integer
ldap debug level|integer
ldap debug threshold|integer
ldap delete dn|bool
ldap deref|enum(never|searching|finding|always|auto)
ldap follow referral|enum(No|False|0|Yes|True|1|Auto)
ldap group suffix|string
ldap idmap suffix|string
ldap machine suffix|string
ldap max anonymous request size|integer
ldap max authenticated request size|integer
ldap max search request size|integer
ldap page size|integer
ldap passwd sync|enum(no|off|yes|on|only)
ldap replication sleep|integer
ldap server require strong auth|enum(No|False|0|allow_sasl_over_tls|Yes|True|1)
ldap ssl|enum(no|off|start tls|start_tls)
ldap suffix|string
ldap timeout|integer
ldap user suffix|string
lm announce|enum(No|False|0|Yes|True|1|Auto)
lm interval|integer
load printers|bool
local master|bool
lock directory|string
lock spin time|integer
log file|string
logging|string
log level|string
log nt token command|string
logon drive|string
logon home|string
logon path|string
logon script|string
log writeable files on exit|bool
lpq cache time|integer
lsa over netlogon|bool!
machine password timeout|integer
mangle prefix|integer
mangling method|string
map to guest|enum(Never|Bad User|Bad Password|Bad Uid)
max disk size|bytes
max log size|bytes
max mux|integer
max open files|integer
max smbd processes|integer
max stat cache size|integer
max ttl|integer
max wins ttl|integer
max xmit|bytes
mdns name|enum(netbios|mdns)
message command|string
min domain uid|integer
min receivefile size|bytes
min wins ttl|integer
mit kdc command|list
multicast dns register|bool
name cache timeout|integer
name resolve order|cmdlist
nbt client socket address|string!
nbt port|integer
ncalrpc dir|string
netbios aliases|cmdlist
netbios name|ustring
netbios scope|ustring
neutralize nt4 emulation|bool
nmbd bind explicit broadcast|bool
nsupdate command|cmdlist
nt hash store|enum(auto|never|always)
ntlm auth|enum(disabled|ntlmv2-only|no|false|0|ntlmv1-permitted|yes|true|1|mschapv2-and-ntlmv2-only)
nt pipe support|bool
ntp signd socket directory|string
nt status support|bool
null passwords|bool!
obey pam restrictions|bool
old password allowed period|integer
oplock break wait time|integer
os2 driver map|string
os level|integer
pam password change|bool
panic action|string
passdb backend|string
passdb expand explicit|bool
passwd chat|string
passwd chat debug|bool
passwd chat timeout|integer
passwd program|string
password hash gpg key ids|cmdlist
password hash userPassword schemes|cmdlist
password server|string
perfcount module|string
pid directory|string
preferred master|enum(No|False|0|Yes|True|1|Auto)
prefork backoff increment|integer
prefork children|integer
prefork maximum backoff|integer
preload modules|cmdlist
printcap cache time|integer
printcap name|string
private dir|string
raw NTLMv2 auth|bool!
read raw|bool
realm|string
registry shares|bool
reject md5 clients|bool!
reject md5 servers|bool
remote announce|string
remote browse sync|string
rename user script|string
require strong key|bool
reset on zero vc|bool
restrict anonymous|integer
root directory|string
rpc big endian|bool
rpc server dynamic port range|string
rpc server port|integer
rpc start on demand helpers|bool
samba kcc command|cmdlist
security|enum(AUTO|USER|DOMAIN|ADS)
server max protocol|enum(default|SMB2|SMB3|SMB3_11|SMB3_02|SMB3_00|SMB2_10|SMB2_02|NT1|LANMAN2|LANMAN1|CORE|COREPLUS|CORE+)
server min protocol|enum(default|SMB2|SMB3|SMB3_11|SMB3_02|SMB3_00|SMB2_10|SMB2_02|NT1|LANMAN2|LANMAN1|CORE|COREPLUS|CORE+)
server multi channel support|bool
server role|enum(auto|standalone server|standalone|member server|member|classic primary domain controller|classic backup domain controller|active directory domain controller|domain controller|dc|IPA primary domain controller)
server schannel|enum(No|False|0|Yes|True|1|Auto)!
server schannel require seal|bool!
server services|list
server signing|enum(default|No|False|0|Off|disabled|if_required|Yes|True|1|On|enabled|auto|desired|required|mandatory|force|forced|enforced)
server smb3 encryption algorithms|list
server smb3 signing algorithms|list
server string|string
set primary group script|string
set quota command|string
show add printer wizard|bool
shutdown script|string
smb1 unix extensions|bool
smb2 disable lock sequence checking|bool
smb2 disable oplock break retry|bool
smb2 leases|bool
smb2 max credits|integer
smb2 max read|bytes
smb2 max trans|bytes
smb2 max write|bytes
smbd profiling level|enum(off|count|on)
smb passwd file|string
smb ports|cmdlist
socket options|string
spn update command|cmdlist
stat cache|bool
state directory|string
svcctl list|cmdlist
syslog|integer!
syslog only|bool!
template homedir|string
template shell|string
time server|bool
timestamp logs|bool
tls cafile|string
tls certfile|string
tls crlfile|string
tls dh params file|string
tls enabled|bool
tls keyfile|string
tls priority|string
tls verify peer|enum(no_check|ca_only|ca_and_name_if_available|ca_and_name|as_strict_as_possible)
unicode|bool!
unix charset|string
unix password sync|bool
use mmap|bool
username level|integer
username map|string
username map cache time|integer
username map script|string
usershare allow guests|bool
usershare max shares|integer
usershare owner only|bool
usershare path|string
usershare prefix allow list|cmdlist
usershare prefix deny list|cmdlist
usershare template share|string
utmp|bool
utmp directory|string
winbind cache time|integer
winbindd socket directory|string
winbind enum groups|bool
winbind enum users|bool
winbind expand groups|integer
winbind max clients|integer
winbind max domain connections|integer
winbind nested groups|bool
winbind normalize names|bool
winbind nss info|cmdlist
winbind offline logon|bool
winbind reconnect delay|integer
winbind refresh tickets|bool
winbind request timeout|integer
winbind rpc only|bool
winbind scan trusted domains|bool
winbind sealed pipes|bool
winbind separator|string
winbind use default domain|bool
winbind use krb5 enterprise principals|bool
wins hook|string
wins proxy|bool
wins server|cmdlist
wins support|bool
workgroup|ustring
write raw|bool
wtmp directory|string
`;
