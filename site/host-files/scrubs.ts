import type { Site } from "../manifest";
import { poolCareOf } from "../storage";
import { type HostFilesPlan, head } from "./plan";

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const words: Record<string, string> = {
  hourly: "0 * * * *",
  daily: "0 0 * * *",
  weekly: "0 0 * * 1",
  monthly: "0 0 1 * *",
};

/** cron's five fields for what the manifest takes as a schedule. */
export function cronOf(schedule: string): string {
  const word = words[schedule];
  if (word !== undefined) return word;
  const [time = "", weekdays] = schedule.split(" ").reverse();
  const [hour = "", minute = ""] = time.split(":");
  const step = (text: string, end: number) =>
    text
      .replace("..", "-")
      .replace(/^(\d+)\/(\d+)$/, (_all, first: string, every: string) =>
        Number(first) === 0 ? `*/${every}` : `${Number(first)}-${end}/${every}`,
      )
      .replace(/\b0(\d)\b/g, "$1");
  const dayField = (weekdays ?? "*")
    .replaceAll("..", "-")
    .replace(/[A-Z][a-z]{2}/g, (day) => `${days.indexOf(day)}`)
    // A week that ends with Sunday: cron takes 7 for it, too.
    .replace(/(\d)-0/g, "$1-7");
  return `${step(minute, 59)} ${step(hour, 23)} * * ${dayField}`;
}

/** By cron, which takes a file up by itself, and is on every host of Proxmox VE. */
export function scrubFiles(site: Site): HostFilesPlan[] {
  return poolCareOf(site)
    .filter(({ scrubs }) => scrubs.length > 0)
    .map(({ host, scrubs }) => ({
      host,
      name: "scrubs",
      files: [
        {
          path: "/etc/cron.d/hybrid-site-scrubs",
          content: `${head}PATH=/usr/sbin:/usr/bin:/sbin:/bin\n${scrubs
            .map(
              ({ pool, schedule }) =>
                `${cronOf(schedule)} root zpool scrub ${pool}\n`,
            )
            .join("")}`,
        },
      ],
    }));
}
