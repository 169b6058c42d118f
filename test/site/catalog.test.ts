import { cards } from "../../site/catalog/cards";
import { chipsets, machines } from "../../site/catalog/machines";
import { processors } from "../../site/catalog/processors";

test("every fact of the catalog has a source, or is said to be assumed", () => {
  const products = [processors, machines, chipsets, cards].flatMap((part) =>
    Object.entries<{
      source?: string;
      assumed?: Record<string, string | undefined>;
    }>(part),
  );
  for (const [name, { source, assumed = {}, ...facts }] of products) {
    const unproved = Object.keys(facts).filter(
      (fact) => fact !== "title" && !(fact in assumed),
    );
    if (source === undefined) expect([name, unproved]).toEqual([name, []]);
    for (const fact of Object.keys(assumed)) expect(facts).toHaveProperty(fact);
  }
});
