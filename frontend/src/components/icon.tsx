/** Line icons on a 16 grid, drawn as paths so that nothing is fetched. */
const PATHS = {
  overview: "M2.5 9.5h4v4h-4zM9.5 2.5h4v11h-4zM2.5 2.5h4v4h-4z",
  pipeline: "M2 3.5h12M3.8 8h8.4M6 12.5h4",
  account: "M3 13.5v-11h6.5v11M9.5 6.5H13v7M1.5 13.5h13M5.2 5.5h2M5.2 8.5h2",
  contact: "M8 7.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4",
  deal: "M2.5 5h11v8.5h-11zM5.5 5V2.5h5V5M2.5 8.5h11",
  events: "M2 4h12M2 8h8M2 12h10",
  warning: "M8 2l6 11H2zM8 6.5v3M8 11.5v.1",
  source: "M5 2v3.5M11 2v3.5M3.5 5.5h9V8A4.5 4.5 0 018 12.5 4.5 4.5 0 013.5 8zM8 12.5V14.5",
  system: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
  users:
    "M6 7.5a2.3 2.3 0 100-4.6 2.3 2.3 0 000 4.6zM1.8 13c.3-2.3 2-3.6 4.2-3.6s3.9 1.3 4.2 3.6M10.6 3.2a2.2 2.2 0 010 4.1M11.8 9.7c1.4.5 2.2 1.7 2.4 3.3",
  search: "M7 12A5 5 0 107 2a5 5 0 000 10zM10.8 10.8L14 14",
  clock: "M8 14A6 6 0 108 2a6 6 0 000 12zM8 4.5V8l2.5 1.5",
  down: "M4.5 6.5L8 10l3.5-3.5",
  left: "M9.5 4.5L6 8l3.5 3.5",
  right: "M6.5 4.5L10 8l-3.5 3.5",
  arrowDown: "M8 3v9.5M4 8.5l4 4 4-4",
  arrowUp: "M8 13V3.5M4 7.5l4-4 4 4",
  sun: "M8 11a3 3 0 100-6 3 3 0 000 6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M13.2 9.6A5.6 5.6 0 016.4 2.8a5.6 5.6 0 106.8 6.8z",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  plus: "M8 3v10M3 8h10",
  check: "M3.5 8.5l3 3 6-7",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a2.8 2.8 0 014 4L11 8.5M9 11.5L7.5 13a2.8 2.8 0 01-4-4L5 7.5",
  help: "M8 14A6 6 0 108 2a6 6 0 000 12zM6.3 6.3c.2-2 3.6-1.9 3.4.1-.1 1.3-1.7 1.3-1.7 2.6M8 11.2v.1",
  table: "M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.8h11M7 3v10",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  mapping: "M2.5 3.5h4L9.500 8h4M2.500 12.500h4L9.500 8M2.500 8h7",
  bridge: "M2 13.5v-6h3v6zM6.5 9.5v-5h3v5zM11 13.5v-9h3v9z",
  rate: "M8 14A6 6 0 108 2a6 6 0 000 12zM8 8V2M8 8l4.5 4",
  product: "M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.800zM2.5 4.800L8 8l5.5-3.200M8 8v6.2",
  order: "M3.5 2.5h9v11h-9zM6 6h4M6 8.5h4M6 11h2.5",
  invoice: "M3.5 1.8h9v12.4l-1.5-1-1.5 1-1.5-1-1.5 1-1.5-1-1.5 1zM6 5.500h4M6 8.500h4",
  team: "M8 13.5V3.500M4 13.500V8.500M12 13.500V6M2 13.500h12",
  book: "M3 2.5h8a2 2 0 012 2v9H5a2 2 0 01-2-2zM3 11.5a2 2 0 012-2h8",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M2.5 13.5h11",
  flag: "M3.5 14V2.5h8l-2 3 2 3h-8",
  key: "M5.5 13a2.5 2.5 0 110-5 2.5 2.5 0 010 5zM7.3 8.7L13 3M11 5l2 2",
  expand: "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9",
  exit: "M9.5 3H3.5v10h6M7 8h7M11.5 5.5L14 8l-2.5 2.5",
  retry: "M13 8a5 5 0 11-1.5-3.5M13 2.5v3h-3",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3l8 5-8 5z",
  bolt: "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, className = "" }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg className={`i ${className}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: from a round node, the number, to a square one, the bytes. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 22 22" fill="none" aria-hidden="true">
      <path d="M15.500 5H8.500a3 3 0 000 6h5a3 3 0 010 6H6.500" stroke="currentColor" strokeWidth="2.200" />
      <circle cx="17" cy="5" r="3" fill="currentColor" />
      <rect x="2.500" y="14.500" width="5" height="5" rx="1" fill="currentColor" />
    </svg>
  );
}
