const prices = { tea: 3 }
export const price = (name) => prices[name]
