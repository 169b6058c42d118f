"""How the real targetcli reads lines, without a kernel that has targets.

Takes lines as JSON; answers for each its path, command and parameters as
configshell's grammar has them, and what targetcli's method of that command
complains of, if anything. Names of targets and initiators as rtslib writes them.
"""

import json
import re
import sys

from configshell_fb import ConfigNode, ConfigShell, ExecutionError
from rtslib_fb.utils import RTSLibError, normalize_wwn
from targetcli import ui_backstore, ui_root, ui_target

target = r"/iscsi/[^/]+"
group = target + "/tpg[0-9]+"
nodes = [
    ("/?", ui_root.UIRoot),
    ("/backstores/block", ui_backstore.UIBlockBackstore),
    ("/iscsi", ui_target.UIFabricModule),
    (group, ui_target.UITPG),
    (group + "/luns", ui_target.UILUNs),
    (group + "/acls", ui_target.UINodeACLs),
    (group + "/acls/[^/]+", ui_target.UINodeACL),
    (group + "/portals", ui_target.UIPortals),
]


class Node:
    """Just what the check of parameters asks of a node."""

    shell = ConfigShell()


def read(line):
    _, path, command, positional, keyed = Node.shell._parse_cmdline(line)
    said = {
        "path": path,
        "command": command,
        "positional": positional,
        "keyed": keyed,
        "names": [],
    }
    kind = next((kind for form, kind in nodes if re.fullmatch(form, path)), None)
    method = getattr(kind, "ui_command_" + command, None)
    if method is None:
        return {**said, "error": "no such command"}
    try:
        ConfigNode.assert_params(Node, method, positional, keyed)
        names = re.findall("iqn[^/]*", path)
        if kind in (ui_target.UIFabricModule, ui_target.UINodeACLs):
            names += positional[:1]
        for name in names:
            wwn, _ = normalize_wwn(("iqn", "naa", "eui"), name)
            said["names"].append([name, wwn])
    except (ExecutionError, RTSLibError) as error:
        return {**said, "error": str(error)}
    return said


print(json.dumps([read(line) for line in json.load(sys.stdin)]))
