import type { NewVerification } from "@/api/types";

export type Scheme = NonNullable<NewVerification["scheme"]>;

/** How senders sign, and where their secret is found. */
export const SCHEMES: Record<Scheme, { label: string; secret: string }> = {
  "hubspot-v3": { label: "HubSpot, version 3", secret: "The client secret of the app, on its page Auth." },
  stripe: { label: "Stripe", secret: "The signing secret of the endpoint; it begins with whsec_." },
  segment: { label: "Segment", secret: "The shared secret in the settings of the destination." },
  "standard-webhooks": { label: "Standard Webhooks", secret: "The secret of the endpoint: whsec_ and base64." },
  hmac: { label: "HMAC of the body", secret: "The secret that you and the sender agreed on." },
};

const OF_KIND: Record<string, Scheme> = { hubspot: "hubspot-v3", stripe: "stripe", segment: "segment" };

export function schemeOfKind(kind: string): Scheme {
  return OF_KIND[kind] ?? "hmac";
}

/** A scheme's name as people say it, also where a newer release knows more of them. */
export function schemeLabel(scheme: string): string {
  return scheme in SCHEMES ? SCHEMES[scheme as Scheme].label : scheme;
}
