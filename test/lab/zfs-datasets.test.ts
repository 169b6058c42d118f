import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { importedPools } from "../../lab/host/zfs";
import { id, ZfsMachine } from "../support/zfs-machine";

let machine: ZfsMachine;
beforeEach(async () => {
  machine = new ZfsMachine();
  await machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`);
});
afterEach(() => machine.close());

const get = async (property: string, dataset: string) =>
  (
    await machine.must(`zfs get -Hp -o value,source ${property} ${dataset}`)
  ).trim();

describe("properties", () => {
  test("say where they come from", async () => {
    await machine.must("zfs create -p tank/a/b");
    await machine.must("zfs set compression=lz4 atime=off tank/a");
    expect(await get("compression", "tank")).toBe("on\tdefault");
    expect(await get("compression", "tank/a")).toBe("lz4\tlocal");
    expect(await get("compression", "tank/a/b")).toBe(
      "lz4\tinherited from tank/a",
    );
    expect(await get("mountpoint", "tank/a/b")).toBe("/tank/a/b\tdefault");
    await machine.must("zfs inherit compression tank/a");
    expect(await get("compression", "tank/a/b")).toBe("on\tdefault");
  });

  test("in JSON with their origin beside them", async () => {
    await machine.must("zfs set pulumi:urn=x tank");
    await machine.must("zfs create tank/a");
    const { datasets } = (await machine.json(
      "zfs get -jp pulumi:urn,recordsize,quota tank/a",
    )) as { datasets: Record<string, unknown> };
    expect(datasets).toMatchObject({
      "tank/a": {
        name: "tank/a",
        type: "FILESYSTEM",
        pool: "tank",
        properties: {
          "pulumi:urn": {
            value: "x",
            source: { type: "INHERITED", data: "tank" },
          },
          recordsize: {
            value: "131072",
            source: { type: "DEFAULT", data: "-" },
          },
          quota: { value: "0", source: { type: "DEFAULT", data: "-" } },
        },
      },
    });
  });

  test("that keep more room than there is are refused", async () => {
    await machine.must("zfs create tank/a");
    for (const key of ["reservation", "refreservation"])
      expect(await machine.run(`zfs set ${key}=1T tank/a`)).toMatchObject({
        code: 255,
        err: "cannot set property for 'tank/a': size is greater than available space\n",
      });
    expect(
      await machine.run("zfs create -o reservation=1T tank/b"),
    ).toMatchObject({
      code: 1,
      err: "cannot create 'tank/b': out of space\n",
    });
    await machine.must("zfs set reservation=200M tank/a");
    await machine.must("zfs create tank/b");
    // What one keeps, the others have no more.
    expect(await machine.run("zfs set reservation=200M tank/b")).toMatchObject({
      code: 255,
    });
    const [own, other] = await Promise.all(
      ["tank/a", "tank/b"].map(async (name) =>
        Number((await get("available", name)).split("\t")[0]),
      ),
    );
    expect((own ?? 0) - (other ?? 0)).toBeGreaterThan(199 * 2 ** 20);
  });

  test("of people that are not set are a dash", async () => {
    expect(await get("pulumi:urn", "tank")).toBe("-\t-");
  });

  test.each([
    ["guid=1", "cannot set property for 'tank': 'guid' is readonly\n"],
    [
      "casesensitivity=mixed",
      "cannot set property for 'tank': 'casesensitivity' is readonly\n",
    ],
    [
      "nothing=1",
      "cannot set property for 'tank': invalid property 'nothing'\n",
    ],
    [
      "recordsize=100",
      "cannot set property for 'tank': 'recordsize' must be power of 2 from 512B to 16M\n",
    ],
  ])("zfs set %s ends with 255", async (pair, err) => {
    expect(await machine.run(`zfs set ${pair} tank`)).toEqual({
      code: 255,
      out: "",
      err,
    });
  });

  test("what does not inherit is not inherited", async () => {
    expect(await machine.run("zfs inherit quota tank")).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        "'quota' property cannot be inherited\nuse 'zfs set quota=none' to clear\n",
      ),
    });
    expect(await machine.run("zfs inherit volblocksize tank")).toMatchObject({
      code: 1,
      err: "volblocksize property is read-only\n",
    });
  });

  test("sharenfs=on opens to everybody, in a file of its own", async () => {
    await machine.must("zfs set sharenfs=on tank");
    expect(
      readFileSync(machine.world.path("/etc/exports.d/zfs.exports"), "utf8"),
    ).toContain("/tank *(sec=sys,rw");
  });
});

describe("volumes", () => {
  test("shrink without a word", async () => {
    await machine.must("zfs create -V 128M tank/v");
    expect(await machine.run("zfs set volsize=64M tank/v")).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(await get("volsize", "tank/v")).toBe(`${64 * 1024 ** 2}\t-`);
  });

  test("keep what they reserved in step with their size, where nobody else set it", async () => {
    const reserved = async () =>
      Number((await get("refreservation", "tank/v")).split("\t")[0]);
    await machine.must("zfs create -V 128M tank/v");
    const before = await reserved();
    expect(before).toBeGreaterThan(128 * 1024 ** 2);
    await machine.must("zfs set volsize=256M tank/v");
    expect(await reserved()).toBe(2 * before);
    await machine.must("zfs set refreservation=100M tank/v");
    await machine.must("zfs set volsize=512M tank/v");
    expect(await reserved()).toBe(100 * 1024 ** 2);
  });

  test("keep their block size", async () => {
    await machine.must("zfs create -s -b 8k -V 100M tank/v");
    expect(await get("volblocksize", "tank/v")).toBe("8192\tlocal");
    expect(await get("refreservation", "tank/v")).toBe("0\tdefault");
    expect(await machine.run("zfs set volblocksize=16k tank/v")).toMatchObject({
      code: 255,
      err: "cannot set property for 'tank/v': 'volblocksize' is readonly\n",
    });
  });

  test("reserve what they may need, which must be there", async () => {
    expect(await machine.run("zfs create -V 10G tank/v")).toMatchObject({
      code: 1,
      err: "cannot create 'tank/v': out of space\n",
    });
    await machine.must("zfs create -s -V 10G tank/v");
  });
});

describe("creation and destruction", () => {
  test.each([
    [
      "zfs create tank/a/b",
      1,
      "cannot create 'tank/a/b': parent does not exist\n",
    ],
    ["zfs create none/a", 1, "cannot create 'none/a': no such pool 'none'\n"],
    ["zfs create tank", 1, "cannot create 'tank': dataset already exists\n"],
    [
      "zfs create -o foo=1 tank/a",
      1,
      "cannot create 'tank/a': invalid property 'foo'\n",
    ],
    [
      "zfs list tank/none",
      1,
      "cannot open 'tank/none': dataset does not exist\n",
    ],
  ])("%s is refused", async (line, code, err) => {
    expect(await machine.run(line)).toMatchObject({ code, err });
  });

  test.each([
    "zfs create -y tank/a",
    "zfs get nothing tank",
    "zfs",
    "zfs make",
    "zfs set atime tank",
  ])("%s ends with 2", async (line) => {
    const { code, err } = await machine.run(line);
    expect(code).toBe(2);
    expect(err).toContain("usage:");
  });

  test("what has children is destroyed with -r only, and -nvp tells it before", async () => {
    await machine.must("zfs create -p tank/a/b");
    await machine.must("zfs snapshot -r tank/a@one");
    const { code, err } = await machine.run("zfs destroy tank/a");
    expect({ code, err }).toEqual({
      code: 1,
      err: "cannot destroy 'tank/a': filesystem has children\nuse '-r' to destroy the following datasets:\ntank/a@one\ntank/a/b\ntank/a/b@one\n",
    });
    expect(await machine.must("zfs destroy -nvp -r tank/a")).toBe(
      "destroy\ttank/a/b@one\ndestroy\ttank/a/b\ndestroy\ttank/a@one\ndestroy\ttank/a\n",
    );
    expect(await machine.must("zfs list -H -o name")).toContain("tank/a/b");
    await machine.must("zfs destroy -r tank/a");
    expect(await machine.must("zfs list -H -o name -t all -r tank")).toBe(
      "tank\n",
    );
  });

  test("the pool's own dataset is not destroyed so", async () => {
    expect(await machine.run("zfs destroy tank")).toMatchObject({
      code: 1,
      err: expect.stringContaining("operation does not apply to pools\n"),
    });
  });

  test("a rename keeps the GUID and the files", async () => {
    await machine.must("zfs create tank/a");
    const guid = await get("guid", "tank/a");
    machine.world.put("/tank/a/file", "text");
    await machine.must("zfs rename tank/a tank/b");
    expect(await get("guid", "tank/b")).toBe(guid);
    expect(readFileSync(machine.world.path("/tank/b/file"), "utf8")).toBe(
      "text",
    );
    expect(existsSync(machine.world.path("/tank/a/file"))).toBe(false);
  });
});

describe("what is mounted", () => {
  test("an unmounted file system shows the boot disk's empty folder", async () => {
    await machine.must("zfs create tank/a");
    machine.world.put("/tank/a/file", "text");
    await machine.must("zpool export tank");
    expect(readdirSync(machine.world.path("/tank"))).toEqual([]);
    await machine.must("zpool import tank");
    expect(readdirSync(machine.world.path("/tank/a"))).toEqual(["file"]);
  });

  test("stays on the pool when the machine is started without its disks", async () => {
    await machine.must("zfs create -o mountpoint=/srv/a tank/a");
    machine.world.put("/srv/a/file", "text");
    machine.pull(1, 2);
    machine.reboot();
    expect(importedPools(machine.world)).toEqual([]);
    expect(readdirSync(machine.world.path("/srv/a"))).toEqual([]);
    writeFileSync(machine.world.path("/srv/a/stray"), "on the boot disk");
    machine.insert(1, 2);
    machine.reboot();
    expect(readdirSync(machine.world.path("/srv/a"))).toEqual(["file"]);
  });

  test("goes over a folder that is not empty only with overlay=on, as it is by default", async () => {
    machine.world.put("/srv/a/file", "of the boot disk");
    await machine.must(
      "zfs create -u -o mountpoint=/srv/a -o overlay=off tank/a",
    );
    expect(await machine.run("zfs mount tank/a")).toMatchObject({
      code: 1,
      err: "cannot mount '/srv/a': directory is not empty\n",
    });
    await machine.must("zfs set overlay=on tank/a");
    await machine.must("zfs mount tank/a");
    expect(readdirSync(machine.world.path("/srv/a"))).toEqual([]);
    await machine.must("zfs unmount tank/a");
    expect(readdirSync(machine.world.path("/srv/a"))).toEqual(["file"]);
  });

  test("moves with its mountpoint, its children with it", async () => {
    await machine.must("zfs create -p tank/a/b");
    machine.world.put("/tank/a/b/file", "text");
    await machine.must("zfs set mountpoint=/srv tank/a");
    expect(readdirSync(machine.world.path("/srv/b"))).toEqual(["file"]);
    expect(await machine.must("zfs mount")).toContain("/srv/b\n");
    await machine.must("zfs set canmount=off tank/a/b");
    expect(await get("mounted", "tank/a/b")).toBe("no\t-");
  });

  test("is told twice", async () => {
    expect(await machine.run("zfs mount tank")).toMatchObject({
      code: 1,
      err: "cannot mount 'tank': filesystem already mounted\n",
    });
  });
});

describe("lists", () => {
  test("have snapshots only where they are asked for", async () => {
    await machine.must("zfs create tank/a");
    await machine.must("zfs snapshot -r tank@x");
    expect(await machine.must("zfs list -H -o name")).toBe("tank\ntank/a\n");
    expect(await machine.must("zfs list -H -o name -t snapshot tank")).toBe(
      "tank@x\n",
    );
    expect(await machine.must("zfs list -H -o name -t all")).toBe(
      "tank\ntank@x\ntank/a\ntank/a@x\n",
    );
    expect(await machine.must("zfs list -d 1 -H -o name tank")).toBe(
      "tank\ntank/a\n",
    );
    const { datasets } = (await machine.json(
      "zfs list -jp -t snapshot -r tank",
    )) as { datasets: Record<string, unknown> };
    expect(datasets["tank/a@x"]).toMatchObject({
      type: "SNAPSHOT",
      dataset: "tank/a",
      snapshot_name: "x",
    });
  });

  test("quota bounds what is available", async () => {
    await machine.must("zfs create -o quota=10M tank/a");
    const free = Number(
      (await machine.must("zfs list -Hp -o available tank/a")).trim(),
    );
    expect(free).toBeGreaterThan(9 * 1024 ** 2);
    expect(free).toBeLessThan(10 * 1024 ** 2);
  });
});
