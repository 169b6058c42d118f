/** Other names of parameters; "inverse": with the opposite value. */
export const synonyms = `
browsable|browseable
casesignames|case sensitive
create mode|create mask
directory mode|directory mask
group|force group
public|guest ok
only guest|guest only
allow hosts|hosts allow
deny hosts|hosts deny
directory|path
exec|preexec
print ok|printable
printer|printer name
smb encrypt|server smb encrypt
vfs object|vfs objects
writeable|read only|inverse
writable|read only|inverse
write ok|read only|inverse
preload|auto services
bind dns directory|binddns dir
default|default service
enable spoolss|disable spoolss|inverse
winbind gid|idmap gid
winbind uid|idmap uid
ldap password sync|ldap passwd sync
lock dir|lock directory
debuglevel|log level
socket address|nbt client socket address
prefered master|preferred master
printcap|printcap name
private directory|private dir
root|root directory
root dir|root directory
max protocol|server max protocol
protocol|server max protocol
min protocol|server min protocol
unix extensions|smb1 unix extensions
debug timestamp|timestamp logs
`;
