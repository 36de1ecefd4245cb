"""Write the secrets that this image leaks: made here, so that none stands in a committed file."""

from pathlib import Path

from support import planted

Path("id_deploy").write_text(planted.rsa_private_key("seed-bad"))
Path("app/.env").write_text(
    "\n".join(
        [
            "# copied to the image by COPY app /app",
            f"AWS_ACCESS_KEY_ID={planted.aws_access_key_id('seed-bad')}",
            f"AWS_SECRET_ACCESS_KEY={planted.aws_secret_access_key('seed-bad')}",
            f"GITHUB_TOKEN={planted.github_token('seed-bad')}",
            f"STRIPE_SECRET_KEY={planted.stripe_key('seed-bad')}",
            f"DATABASE_URL=postgres://shop:{planted.password('seed-bad')}@db.internal:5432/shop",
            "",
        ]
    )
)
