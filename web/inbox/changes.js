/** What the owner has changed and the service has not told of: it lies over what the service said last. */

export class Changes {
  #underWay = new Set();

  begin(ids, values) {
    const change = { ids: new Set(ids), values };
    this.#underWay.add(change);
    return change;
  }

  end(change) {
    this.#underWay.delete(change);
  }

  over(item) {
    const shown = { ...item };
    for (const { ids, values } of this.#underWay) if (ids.has(item.id)) Object.assign(shown, values);
    return shown;
  }

  /** The service has told of a change, be it the oldest or somebody else's: its word holds from now on. */
  heard(id, name) {
    for (const { ids, values } of this.#underWay) if (name in values && ids.delete(id)) return;
  }
}
