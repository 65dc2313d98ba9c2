import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { PasswordPage } from "@/features/sign-in/password-page";

function Password() {
  const navigate = useNavigate();
  return <PasswordPage onDone={() => void navigate({ to: "/" })} />;
}

export const Route = createFileRoute("/_app/password")({ component: Password });
