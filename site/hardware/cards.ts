import { type Card, card, doubt } from "../catalog";
import type { Host } from "../manifest";

export interface PlacedCard {
  name: string;
  model: string;
  slot?: string;
  facts: Card;
  /** " (assumed)" when its width has no source. */
  widthDoubt: string;
  /** In the host's list. */
  index: number;
}

/** The cards that the catalog knows. */
export function cardsOf({ cards }: Host): PlacedCard[] {
  return cards.flatMap(({ name, model, slot }, index) => {
    const facts = card(model);
    if (facts === undefined) return [];
    const widthDoubt = doubt<Card>(facts, "lanes");
    return [{ name, model, slot, facts, widthDoubt, index }];
  });
}

export const lanesOf = (cards: readonly PlacedCard[]): number =>
  cards.reduce((sum, { facts }) => sum + facts.lanes, 0);
