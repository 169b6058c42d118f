import type { Site } from "../manifest";
import { poolCareOf } from "../storage";
import { type HostFilesPlan, head } from "./plan";

/** The ZFS event daemon reads this one file: what it ships with, and whom it tells. */
export function mailFiles(site: Site): HostFilesPlan[] {
  return poolCareOf(site).flatMap(({ host, mailTo }) =>
    mailTo === undefined
      ? []
      : [
          {
            host,
            name: "zfs-mail",
            adopt: true,
            files: [
              {
                path: "/etc/zfs/zed.d/zed.rc",
                mode: "0600",
                content: `${head}ZED_EMAIL_ADDR="${mailTo}"
ZED_EMAIL_PROG="mail"
ZED_EMAIL_OPTS="-s '@SUBJECT@' @ADDRESS@"
ZED_NOTIFY_INTERVAL_SECS=3600
ZED_NOTIFY_VERBOSE=0
ZED_USE_ENCLOSURE_LEDS=1
ZED_SYSLOG_SUBCLASS_EXCLUDE="history_event"
`,
              },
            ],
            reload: ["systemctl", "restart", "zfs-zed.service"],
          },
        ],
  );
}
