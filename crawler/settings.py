"""Scrapy's settings. What is switched off here is done by us, where it can be recorded and refused.

`crawl()` sets the user agent from the identity; `scrapy crawl portal -a …` reads it from the workspace.
"""

BOT_NAME = "losi"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

DOWNLOADER_MIDDLEWARES = {
    "crawler.recorder.Recorder": 950,
    "crawler.guard.Guard": 960,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # scope.py
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # robots.py: its fetch is evidence too
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,  # a proxy would resolve names unguarded
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
}
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
RETRY_ENABLED = False
COOKIES_ENABLED = False
COMPRESSION_ENABLED = False
HTTPCACHE_ENABLED = False
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}

# The delay is the host's turn (turns.py), shared with every other process; Scrapy's own would come on top.
DOWNLOAD_DELAY = 0
CONCURRENT_REQUESTS = 0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 0  # recorder.py cuts at 10 MB and keeps what came
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = False
DNS_TIMEOUT = 20
TWISTED_DNS_RESOLVER = "crawler.resolver.GuardedResolver"
REACTOR_THREADPOOL_MAXSIZE = 20

DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate",
}
USER_AGENT = "losi (practice on loopback)"

LOG_LEVEL = "WARNING"
LOG_INSTALL_ROOT_HANDLER = False  # `scrapy crawl` says little; losi prints its own lines
STATS_DUMP = False
LOGSTATS_INTERVAL = 0
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
MEMUSAGE_ENABLED = False
