/** What a sealed secret belongs to, as it is named when sealing and opening it. */
export const secretOwner = {
  line: (id: string) => `line:${id}`,
  trunk: (id: string) => `trunk:${id}`,
  attribute: (userId: string, definitionId: string) => `attribute:${userId}:${definitionId}`,
  /** A node is named, not numbered: its secrets are sealed before it has an id. */
  ami: (nodeName: string) => `node ami:${nodeName}`,
  ari: (nodeName: string) => `node ari:${nodeName}`,
} as const;
