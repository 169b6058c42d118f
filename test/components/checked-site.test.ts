import { checkedSite } from "../../components/checked-site";
import * as matrix from "../../site/matrix";

jest.mock("../../site/matrix", () => ({
  __esModule: true,
  ...jest.requireActual<typeof matrix>("../../site/matrix"),
}));

const file = "environments/dev.yaml";

test("the site is given when its firewall does what the manifest says", () => {
  expect(checkedSite(file).site.name).toBe("dev");
});

test("a firewall that does otherwise ends the program before anything is declared", () => {
  jest
    .spyOn(matrix, "differences")
    .mockReturnValue(["ipv4 tcp 22 from wan1 to management passes"]);
  expect(() => checkedSite(file)).toThrow(
    /firewall-matrix: .*nothing was touched[\s\S]*from wan1 to management passes/,
  );
});
