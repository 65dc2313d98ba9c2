import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { meQuery } from "@/api/auth";
import { quarantineQuery } from "@/api/quarantine";
import { sourcesQuery } from "@/api/sources";
import { Icon, Mark } from "@/components/icon";
import { count } from "@/lib/format";
import { AccountMenu } from "./account-menu";
import { BAR, GROUPS, isHere, isOpen, type Place } from "./nav";

function useCounts(all: boolean): Record<string, number | undefined> {
  const quarantine = useInfiniteQuery({ ...quarantineQuery({}, 1), enabled: all });
  const sources = useQuery(sourcesQuery);
  return { "/quarantine": quarantine.data?.pages[0]?.total, "/sources": sources.data?.items.length };
}

function PlaceLink({ place, n }: { place: Place; n?: number | undefined }) {
  const { pathname } = useLocation();
  return (
    <Link to={place.to} title={place.label} {...(isHere(place.to, pathname) ? { "aria-current": "page" as const } : {})}>
      <Icon name={place.icon} />
      <span>{place.label}</span>
      {n === undefined ? null : <b className={`n m ${place.to === "/quarantine" && n > 0 ? "hot" : ""}`}>{count(n)}</b>}
    </Link>
  );
}

/** Places that are seldom gone to: folded, unless one of them is where the page stands. */
function More({ label, places }: { label: string; places: Place[] }) {
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const here = places.filter((place) => isHere(place.to, pathname));
  return (
    <>
      <button type="button" className="side-more" aria-expanded={open} title={label} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} />
        <span>{label}</span>
      </button>
      {(open ? places : here).map((place) => (
        <PlaceLink key={place.to} place={place} />
      ))}
    </>
  );
}

/** The side bar; an icon rail on narrower screens. */
export function Side() {
  const { data: me } = useQuery(meQuery);
  const counts = useCounts(me?.scope === "all");
  return (
    <nav className="side" aria-label="Main">
      <Link className="brand" to="/" aria-label="SalesCommand, overview">
        <Mark />
        <b className="wordmark">
          Sales<i>Command</i>
        </b>
      </Link>
      {GROUPS.map((group) => (
        <div key={group.title} className="side-group">
          <h2>{group.title}</h2>
          {group.places
            .filter((place) => isOpen(place, me))
            .map((place) => (
              <PlaceLink key={place.to} place={place} n={counts[place.to]} />
            ))}
          {group.more ? <More {...group.more} /> : null}
        </div>
      ))}
      <AccountMenu />
    </nav>
  );
}

/** The bottom bar on phones. */
export function BottomBar() {
  const { pathname } = useLocation();
  const { data: me } = useQuery(meQuery);
  const inRecords = pathname.startsWith("/records/");
  return (
    <nav className="mbar" aria-label="Main, short">
      {BAR.filter((place) => isOpen(place, me)).map((place) => {
        const here = place.label === "Records" ? inRecords : isHere(place.to, pathname);
        return (
          <Link key={place.to} to={place.to} {...(here ? { "aria-current": "page" as const } : {})}>
            <Icon name={place.icon} size={18} />
            <span>{place.label}</span>
          </Link>
        );
      })}
    </nav>
  );
}
