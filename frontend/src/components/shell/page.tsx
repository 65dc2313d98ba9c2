import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { sourcesQuery } from "@/api/sources";
import { Icon, Mark } from "@/components/icon";
import { useStanding } from "@/lib/as-of";
import { momentShort, parseTime } from "@/lib/format";
import { useHotkeys } from "@/lib/hotkeys";
import { useTheme } from "@/lib/theme";
import { AccountMenu } from "./account-menu";
import { AsOfPicker, PastBanner } from "./as-of-picker";
import { useShell } from "./shell";

/** The newest moment up to which any source is complete: what "live" means at this minute. */
function useLiveLabel(): string {
  const { data, error } = useQuery(sourcesQuery);
  if (!data) return error ? "Not connected" : "Live";
  const times = data.items.map((item) => item.data_as_of).filter((time): time is string => parseTime(time) !== null);
  const newest = times.sort((a, b) => (parseTime(a)?.getTime() ?? 0) - (parseTime(b)?.getTime() ?? 0)).at(-1);
  return newest ? `Live, ${momentShort(newest)}` : "No data yet";
}

/** The first page of a visit leaves the focus where the browser has it: at the top, before the skip link. */
let visited = false;

/** A new page starts at its content, for the keyboard and for those who listen. */
function useFocusOnContent(): RefObject<HTMLElement | null> {
  const content = useRef<HTMLElement>(null);
  useEffect(() => {
    if (visited) content.current?.focus({ preventScroll: true });
    visited = true;
  }, []);
  return content;
}

interface Props {
  title: string;
  /** The page above this one. */
  crumb?: { to: string; label: string; search?: Record<string, string> };
  /** An identifier in mono beside the title. */
  id?: string;
  /** A record's sheet is open over the list. */
  withSheet?: boolean;
  children: ReactNode;
}

/** The frame of each page: top bar with the page's moment, the past banner, and the content. */
export function Page({ title, crumb, id, withSheet = false, children }: Props) {
  const { asOf } = useStanding();
  const { theme, toggle } = useTheme();
  const shell = useShell();
  const liveLabel = useLiveLabel();
  const content = useFocusOnContent();
  const [picking, setPicking] = useState(false);
  useHotkeys({ a: () => setPicking(true) }, "shell");
  useEffect(() => {
    document.title = `${title} · SalesCommand`;
  }, [title]);
  return (
    <div className={`page ${asOf ? "is-past" : ""} ${withSheet ? "with-sheet" : ""}`}>
      <header className="top">
        <Link className="burger pri" to="/" aria-label="Home">
          <Mark />
        </Link>
        <div className="crumb grow">
          {crumb ? (
            <>
              <Link className="mut hide-sm" to={crumb.to} search={crumb.search ?? {}}>
                {crumb.label}
              </Link>
              <span className="mut hide-sm" aria-hidden="true">
                /
              </span>
            </>
          ) : null}
          <h1 className="tr">{title}</h1>
          {id ? <span className="mono mut hide-md">{id}</span> : null}
        </div>
        <button type="button" className="btn g" aria-label="Search or run a command" onClick={shell.openPalette}>
          <Icon name="search" />
          <span className="mut hide-md hide-sm">Search or run</span>
          <kbd className="hide-sm">⌘K</kbd>
        </button>
        <AsOfPicker liveLabel={liveLabel} open={picking} onOpenChange={setPicking} />
        <button type="button" className="btn g i hide-sm" aria-label={`Switch to the ${theme === "dark" ? "light" : "dark"} theme`} onClick={toggle}>
          <Icon name={theme === "dark" ? "moon" : "sun"} />
        </button>
        <span className="show-sm">
          <AccountMenu compact />
        </span>
      </header>
      <PastBanner />
      <main id="main" tabIndex={-1} ref={content}>
        {children}
      </main>
    </div>
  );
}
