import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useDeferredValue, useState, type ReactNode } from "react";
import { meQuery, useSignOut } from "@/api/auth";
import { metricsQuery } from "@/api/metrics";
import { findRecordsQuery } from "@/api/records";
import { sourcesQuery } from "@/api/sources";
import { useOpenRows } from "@/api/use-open-rows";
import { Dialog } from "@/components/dialog";
import { Icon, type IconName } from "@/components/icon";
import { SourceBadge, sourceName } from "@/components/source";
import { useToast } from "@/components/toast";
import { NOUNS, titleOf, type RecordType } from "@/lib/nouns";
import { useTheme } from "@/lib/theme";
import { isOpen, PLACES } from "./nav";
import { useCopyLink } from "./shell";

function Item({
  value,
  icon,
  children,
  aside,
  onSelect,
}: {
  value: string;
  icon: IconName;
  children: ReactNode;
  aside?: ReactNode;
  onSelect: () => void;
}) {
  return (
    <Command.Item value={value} onSelect={onSelect} className="pal-item">
      <Icon name={icon} />
      <span className="grow tr">{children}</span>
      {aside ? <span className="mut num nw">{aside}</span> : null}
    </Command.Item>
  );
}

/** Records by name, asked of the API while typing. */
function Found({ type, q, onGo }: { type: RecordType; q: string; onGo: (id: string) => void }) {
  const { data } = useQuery({ ...findRecordsQuery(type, q), enabled: q.length >= 2 });
  const noun = NOUNS[type];
  if (q.length < 2 || !data || data.items.length === 0) return null;
  return (
    <Command.Group heading={noun.title}>
      {data.items.map((item) => (
        <Command.Item
          key={item.canonical_id}
          value={`${item.title} ${q} ${item.canonical_id}`}
          className="pal-item"
          onSelect={() => onGo(item.canonical_id)}
        >
          <Icon name={noun.icon} />
          <span className="grow tr">{titleOf(item)}</span>
          <SourceBadge source={item.source} />
        </Command.Item>
      ))}
    </Command.Group>
  );
}

/** Looked up by name while typing, in this order. */
const FINDABLE: RecordType[] = ["opportunity", "account", "contact", "owner", "product", "invoice", "order"];

/** Search or run: places, records, sources and the few things to do. */
export default function Palette({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const navigate = useNavigate();
  const { theme, toggle } = useTheme();
  const copyLink = useCopyLink();
  const signOut = useSignOut();
  const { data: me } = useQuery(meQuery);
  const { data: sources } = useQuery(sourcesQuery);
  const { data: metrics } = useQuery(metricsQuery);
  const run = (action: () => void) => () => {
    onClose();
    action();
  };
  const openRows = useOpenRows(useToast());
  const places = PLACES.filter((place) => isOpen(place, me));
  return (
    <Dialog label="Search or run" className="palette" onClose={onClose}>
      <Command label="Search or run" loop>
        <div className="in">
          <Icon name="search" />
          <Command.Input autoFocus value={text} onValueChange={setText} placeholder="Search records, go to a page, run a command" />
          <button type="button" className="esc" onClick={onClose} aria-label="Close">
            <kbd>Esc</kbd>
          </button>
        </div>
        <Command.List>
          <Command.Empty>
            <div className="empty mut">Nothing is called “{text}”. Records are found by a part of their name.</div>
          </Command.Empty>
          <Command.Group heading="Go to">
            {places.map((place) => (
              <Item
                key={place.to}
                value={place.label}
                icon={place.icon}
                onSelect={run(() => void navigate({ to: place.to }))}
                aside={
                  place.key ? (
                    <>
                      <kbd>G</kbd> <kbd>{place.key.toUpperCase()}</kbd>
                    </>
                  ) : null
                }
              >
                {place.label}
              </Item>
            ))}
          </Command.Group>
          {FINDABLE.map((type) => (
            <Found
              key={type}
              type={type}
              q={q}
              onGo={(id) =>
                run(() => void navigate({ to: "/records/$type/$id", params: { type: NOUNS[type].path, id } }))()
              }
            />
          ))}
          {q && sources && sources.items.length > 0 ? (
            <Command.Group heading="Sources">
              {sources.items.map((item) => (
                <Item
                  key={item.source}
                  value={`${sourceName(item.source, item.label)} source`}
                  icon="source"
                  onSelect={run(() => void navigate({ to: "/sources/$source", params: { source: item.source } }))}
                  aside={item.state}
                >
                  {sourceName(item.source, item.label)}
                </Item>
              ))}
            </Command.Group>
          ) : null}
          {q && metrics ? (
            <Command.Group heading="Rows behind a number">
              {metrics.items.map((metric) => (
                <Item
                  key={metric.slug}
                  value={`${metric.label} ${metric.slug}`}
                  icon="overview"
                  onSelect={run(() => openRows(metric.slug))}
                  aside={<span className="hide-sm tr formula">{metric.formula}</span>}
                >
                  {metric.label}
                </Item>
              ))}
            </Command.Group>
          ) : null}
          <Command.Group heading="Do">
            <Item value="Copy link" icon="link" onSelect={run(copyLink)} aside={<kbd>C</kbd>}>
              Copy link to this page
            </Item>
            <Item value="Switch theme dark light" icon={theme === "dark" ? "sun" : "moon"} onSelect={run(toggle)}>
              Switch to the {theme === "dark" ? "light" : "dark"} theme
            </Item>
            <Item value="All keys shortcuts" icon="help" onSelect={run(onShortcuts)} aside={<kbd>?</kbd>}>
              Show all keys
            </Item>
            <Item
              value="Sign out"
              icon="exit"
              onSelect={run(() => signOut.mutate(undefined, { onSuccess: () => void navigate({ to: "/sign-in" }) }))}
            >
              Sign out
            </Item>
          </Command.Group>
        </Command.List>
        <footer>
          <span>
            <kbd>↑</kbd> <kbd>↓</kbd> move
          </span>
          <span>
            <kbd>Enter</kbd> open
          </span>
          <span className="hide-sm end">
            <kbd>?</kbd> all keys
          </span>
        </footer>
      </Command>
    </Dialog>
  );
}
