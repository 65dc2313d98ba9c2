import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { meQuery, useSignOut } from "@/api/auth";
import type { Me } from "@/api/types";
import { Icon } from "@/components/icon";
import { Popover, useClosePopover } from "@/components/popover";
import { words } from "@/lib/nouns";
import { useTheme } from "@/lib/theme";

function initials(name: string): string {
  const parts = name.split(/[\s@.]+/).filter(Boolean);
  return `${parts[0]?.charAt(0) ?? ""}${parts[1]?.charAt(0) ?? ""}`.toUpperCase();
}

function MenuItems({ me }: { me: Me }) {
  const { theme, toggle } = useTheme();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const close = useClosePopover();
  return (
    <>
      <button
        type="button"
        onClick={() => {
          toggle();
          close();
        }}
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
        {theme === "dark" ? "Light theme" : "Dark theme"}
      </button>
      <Link to="/account" className="menu-link" onClick={close}>
        <Icon name="contact" />
        Your account
      </Link>
      <Link to="/password" className="menu-link" onClick={close}>
        <Icon name="key" />
        {me.needs_password ? "Set a password" : "Change password"}
      </Link>
      {me.role === "admin" ? (
        <Link to="/users" className="menu-link" onClick={close}>
          <Icon name="users" />
          Users
        </Link>
      ) : null}
      <button
        type="button"
        onClick={() => {
          close();
          signOut.mutate(undefined, { onSuccess: () => void navigate({ to: "/sign-in" }) });
        }}
      >
        <Icon name="exit" />
        Sign out
      </button>
    </>
  );
}

/** Who is signed in, and what concerns only them. */
export function AccountMenu({ compact = false }: { compact?: boolean }) {
  const { data: me } = useQuery(meQuery);
  if (!me) return null;
  const name = me.name || me.email;
  const trigger = compact ? (
    <button type="button" className="btn g i account-sm" aria-label={`Account of ${name}`}>
      <span className="avatar">{initials(name)}</span>
    </button>
  ) : (
    <button type="button" className="foot" aria-label={`Account of ${name}`}>
      <span className="avatar" aria-hidden="true">
        {initials(name)}
      </span>
      <div className="grow xs">
        <b className="m tr block">{name}</b>
        <span className="mut">{words(me.role)}</span>
      </div>
    </button>
  );
  return (
    <Popover label="Account" className="pop menu" align={compact ? "end" : "start"} trigger={trigger}>
      <div className="xs mut tr" style={{ padding: "4px 8px 8px" }}>
        {me.email}
      </div>
      <MenuItems me={me} />
    </Popover>
  );
}
